"""A small convolutional network that learns what crops show: the simulated detector's eyes."""

import torch
from torch import nn
from torch.nn import functional

from fico_lib.features.training import convolution

SIZE = 16  # pixels per side of a crop
BATCH = 256
IGNORE = -100  # a target that is not known


class CropCNN(nn.Module):
    """Crops (b, 3, 16, 16) -> features (b, dimension), and one linear head per target.

    classes: number of values of each target.
    """

    def __init__(self, dimension: int, classes: tuple[int, ...]):
        super().__init__()
        self.body = nn.Sequential(
            convolution(3, 32, 4, 2),
            convolution(32, 64, 3, 2),
            convolution(64, 96, 3, 1),
            nn.Flatten(),
        )
        self.feature = nn.Linear(96 * (SIZE // 4) ** 2, dimension)
        self.heads = nn.ModuleList(nn.Linear(dimension, n) for n in classes)

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Features (b, dimension) float32, not negative."""
        return functional.relu(self.feature(self.body(crops)))


def loss_of(network: CropCNN, crops: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The sum of the cross-entropies of all targets; targets: (b, n_targets) int64, or IGNORE."""
    features = network(crops)
    loss = features.new_zeros(())
    for head, target in zip(network.heads, targets.T, strict=True):
        # The mean over known targets; a batch without any gives 0, not 0 / 0.
        known = (target != IGNORE).sum().clamp(min=1)
        loss = loss + functional.cross_entropy(head(features), target, reduction="sum") / known
    return loss
