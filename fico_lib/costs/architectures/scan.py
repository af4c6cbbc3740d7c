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
from fico_lib.costs.architectures.model import WORDS, EncodingStep, Flops, Stage, Step
from fico_lib.costs.architectures.regions_and_words import (
    EMBEDDED,
    INPUTS,
    REGIONS,
    WIDTH,
    RegionsAndWords,
)
from fico_lib.models.scan import attention, gram, relevance

KEPT_WORDS = 70  # to which the paper pads its texts


class SCAN(RegionsAndWords):
    """The model `scan`."""

    title, group, attention, dimension = "SCAN", "FG", "all pairs", WIDTH
    image_kept, text_kept = (REGIONS, WIDTH), (KEPT_WORDS, WIDTH)
    reference = "Lee et al. 2018"

    def flops(self) -> Flops:
        """Of a layer per image, of the GRU per text, of the Gram form per pair."""
        return Flops(
            image=count.linear(REGIONS, INPUTS, WIDTH),
            text=count.gru(WORDS, EMBEDDED, WIDTH, directions=2),
            pair=count.linear(REGIONS, WIDTH, WORDS) + count.linear(REGIONS, REGIONS, WORDS),
        )

    def parts(self, step: Step) -> list[nn.Module]:
        """One layer, the GRU, or nothing: scoring has no weights."""
        return [] if step == "pair" else super().parts(step)

    def rest(self, step: EncodingStep) -> list[Stage]:
        """Unit vectors, and their mean."""
        inputs = self.mapped if step == "image" else self.states
        return [Stage(f"unit vectors, {step}", [], inputs, self._unit)]

    def _unit(self, vectors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, t, 1024) -> (n, 1024), (n, t, 1024)."""
        vectors = normalize(vectors, dim=2)
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
