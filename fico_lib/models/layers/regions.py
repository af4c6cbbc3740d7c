"""Region vectors of the vision-language models."""

import torch
from torch import nn


class RegionLayers(nn.Module):
    """Two layers on each region's feature and box.

    They stand in for the image transformers of the papers, which come pre-trained: on the few
    thousand images here a region's feature has the detector's knowledge already, and transformer
    blocks on top learned less than these layers (chosen on a validation split).
    """

    def __init__(self, inputs: int, hidden: int, width: int, dropout: float):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(inputs + 4, hidden), nn.ReLU(), nn.Linear(hidden, width)
        )

    def forward(self, regions: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
        """regions (b, r, inputs), boxes (b, r, 4) as fractions -> (b, r, width)."""
        return self.layers(torch.cat([regions, 2 * boxes - 1], 2))
