"""VSRN at its size: four graph convolutions over 36 regions, then a GRU; 2048 dimensions.

After Li et al. 2019, "Visual Semantic Reasoning for Image-Text Matching" (ICCV);
`fico_lib.models.vsrn` has the formulas. The decoder that writes captions in training is left out,
as it takes no part in retrieval.
"""

import torch
from torch import nn
from torch.nn.functional import normalize

from fico_lib.costs.architectures import arithmetic as count
from fico_lib.costs.architectures.model import WORDS, Flops, PaperModel, Step

REGIONS, WIDTH, EMBEDDED, VOCABULARY, DEPTH = 36, 2048, 300, 8481, 4


class Reasoning(nn.Module):
    """One residual graph convolution over the regions of an image."""

    def __init__(self):
        super().__init__()
        self.theta, self.phi, self.g, self.w = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.norm = nn.BatchNorm1d(WIDTH)

    def forward(self, regions: torch.Tensor) -> torch.Tensor:
        """(n, 36, 2048) -> the same."""
        affinity = self.theta(regions) @ self.phi(regions).transpose(1, 2) / REGIONS
        message = self.w(affinity @ self.g(regions))
        return regions + self.norm(message.flatten(0, 1)).view_as(regions)


class VSRN(PaperModel):
    """The model `vsrn`."""

    title, group, dimension = "VSRN", "FG", WIDTH
    reference = "Li et al. 2019"
    note = "the detector that finds the regions is not counted"

    def __init__(self):
        super().__init__()
        self.regions = nn.Linear(WIDTH, WIDTH)
        self.reasoning = nn.Sequential(*(Reasoning() for _ in range(DEPTH)))
        self.gather = nn.GRU(WIDTH, WIDTH, batch_first=True)
        self.norm = nn.BatchNorm1d(WIDTH)
        self.words = nn.Embedding(VOCABULARY, EMBEDDED)
        self.gru = nn.GRU(EMBEDDED, WIDTH, batch_first=True)

    def flops(self) -> Flops:
        """Of the reasoning and a GRU per image, of a GRU per text."""
        mapped = 4 * count.linear(REGIONS, WIDTH, WIDTH) + count.products(REGIONS, REGIONS, WIDTH)
        image = count.linear(REGIONS, WIDTH, WIDTH) + DEPTH * mapped
        return Flops(
            image=image + count.gru(REGIONS, WIDTH, WIDTH), text=count.gru(WORDS, EMBEDDED, WIDTH)
        )

    def parts(self, step: Step) -> list[nn.Module]:
        """The image side or the text side."""
        image = [self.regions, self.reasoning, self.gather, self.norm]
        return image if step == "image" else [self.words, self.gru]

    def image_inputs(self, count: int) -> torch.Tensor:
        """Regions (count, 36, 2048)."""
        return torch.randn(count, REGIONS, WIDTH)

    def encode_images(self, inputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        """(n, 36, 2048) -> (n, 2048), None."""
        _, last = self.gather(self.reasoning(normalize(self.regions(inputs), dim=2)))
        return normalize(self.norm(last[0]), dim=1), None

    def encode_texts(self, inputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        """(n, 14) -> (n, 2048), None."""
        _, last = self.gru(self.words(inputs))
        return normalize(last[0], dim=1), None
