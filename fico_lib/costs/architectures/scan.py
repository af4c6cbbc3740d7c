"""SCAN at its size: 36 regions and the words of a text, 1024 dimensions each, all pairs scored.

After Lee et al. 2018, "Stacked Cross Attention for Image-Text Matching" (ECCV): regions of a
detector (2048 values, found beforehand and not counted here), a bidirectional GRU over the words.
Scored is text to image, averaged over the words; `fico_lib.models.scan` has the formulas, and the
Gram form, which needs no vector per pair and word. `score_directly` is the same as the paper
writes it.
"""

import torch
from torch import nn
from torch.nn.functional import normalize

from fico_lib.costs.architectures import arithmetic as count
from fico_lib.costs.architectures.model import WORDS, Flops, PaperModel, Step
from fico_lib.models.scan import attention, gram, relevance

REGIONS, INPUTS, WIDTH, EMBEDDED, VOCABULARY = 36, 2048, 1024, 300, 8481
KEPT_WORDS = 70  # to which the paper pads its texts


class SCAN(PaperModel):
    """The model `scan`."""

    title, group, attention, dimension = "SCAN", "FG", "all pairs", WIDTH
    image_kept, text_kept = (REGIONS, WIDTH), (KEPT_WORDS, WIDTH)
    reference = "Lee et al. 2018"
    note = "the detector that finds the regions is not counted"

    def __init__(self):
        super().__init__()
        self.regions = nn.Linear(INPUTS, WIDTH)
        self.words = nn.Embedding(VOCABULARY, EMBEDDED)
        self.gru = nn.GRU(EMBEDDED, WIDTH, batch_first=True, bidirectional=True)

    def flops(self) -> Flops:
        """Of a layer per image, of the GRU per text, of the Gram form per pair."""
        return Flops(
            image=count.linear(REGIONS, INPUTS, WIDTH),
            text=count.gru(WORDS, EMBEDDED, WIDTH, directions=2),
            pair=count.linear(REGIONS, WIDTH, WORDS) + count.linear(REGIONS, REGIONS, WORDS),
        )

    def parts(self, step: Step) -> list[nn.Module]:
        """One layer, the GRU, or nothing: scoring has no weights."""
        return {"image": [self.regions], "text": [self.words, self.gru], "pair": []}[step]

    def image_inputs(self, count: int) -> torch.Tensor:
        """Regions (count, 36, 2048)."""
        return torch.randn(count, REGIONS, INPUTS)

    def encode_images(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, 36, 2048) -> (n, 1024), (n, 36, 1024)."""
        vectors = normalize(self.regions(inputs), dim=2)
        return normalize(vectors.mean(1), dim=1), vectors

    def encode_texts(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, 14) -> (n, 1024), (n, 14, 1024)."""
        states, _ = self.gru(self.words(inputs))
        vectors = normalize((states[..., :WIDTH] + states[..., WIDTH:]) / 2, dim=2)
        return normalize(vectors.mean(1), dim=1), vectors

    def score(self, images: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
        """(a, 36, 1024), (b, l, 1024), unit vectors -> (a, b), in the Gram form."""
        flat = images.flatten(0, 1) @ texts.flatten(0, 1).T
        similarity = flat.view(*images.shape[:2], *texts.shape[:2])
        return relevance(attention(similarity), similarity, gram(images)).mean(2)

    def score_directly(self, images: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
        """The same with a vector of what each word sees: (a, b)."""
        flat = images.flatten(0, 1) @ texts.flatten(0, 1).T
        weight = attention(flat.view(*images.shape[:2], *texts.shape[:2]))
        share = weight / weight.sum(1, keepdim=True)
        seen = torch.einsum("arbl,ard->abld", share, images)
        return (normalize(seen, dim=3) * texts).sum(3).mean(2)
