"""Region vectors: what every model with regions computes first."""

import torch
from torch import nn

from fico_lib.features.feature_split import FeatureSplit


def region_size(split: FeatureSplit) -> int:
    """Values that describe a region: its feature, and its box where the features have boxes."""
    return split.regions.shape[2] + (0 if split.boxes is None else split.boxes.shape[2])


def described(regions: torch.Tensor, boxes: torch.Tensor | None) -> torch.Tensor:
    """Features (b, r, d) beside boxes (b, r, 4), fractions moved to [-1, 1]: (b, r, d [+ 4])."""
    return regions if boxes is None else torch.cat([regions, 2 * boxes - 1], 2)


class RegionLayers(nn.Module):
    """Two layers on each region.

    They stand in for the image transformers of the vision-language models, which come pre-trained:
    on the few thousand images here a region's feature has the detector's knowledge already, and
    transformer blocks on top learned less than these layers (chosen on a validation split).
    """

    def __init__(self, inputs: int, width: int, dropout: float, hidden: int | None = None):
        """inputs: `region_size`; hidden: width of the first layer, `width` where it is None."""
        super().__init__()
        hidden = hidden or width
        self.layers = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, width)
        )

    def forward(self, regions: torch.Tensor, boxes: torch.Tensor | None) -> torch.Tensor:
        """regions (b, r, d), boxes (b, r, 4) as fractions or None -> (b, r, width)."""
        return self.layers(described(regions, boxes))
