"""A small convolutional network over whole images: what the hashing models see of an image.

It stands for the VGG network of the paper's coarse-grained models, which sees the image at once and
was trained on other images and other classes. Here it learns, on the split `detector`, which
attributes occur together on an object of the image; the evaluated categories are not among them.
"""

import itertools

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from fico_lib.features.training import convolution

BATCH = 64


class ImageCNN(nn.Module):
    """Images (b, 3, height, width) -> features (b, dimension), and a linear head over them."""

    def __init__(self, dimension: int, targets: int):
        super().__init__()
        self.body = nn.Sequential(
            convolution(3, 32, 4, 2),
            convolution(32, 64, 3, 2),
            convolution(64, 96, 3, 1),
            convolution(96, 128, 3, 2),
        )
        self.feature = nn.Linear(2 * 128, dimension)
        self.head = nn.Linear(dimension, targets)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Features (b, dimension) float32, not negative."""
        maps = self.body(images)
        return functional.relu(self.feature(torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], 1)))


def pairs_shown(values: np.ndarray, present: np.ndarray, classes: tuple[int, ...]) -> np.ndarray:
    """Which pairs of values of different attributes an object of the image has.

    values: (n, k, attributes) int of k objects, where present (n, k); classes: number of values of
    each attribute. Returns (n, pairs) float32 of 0 and 1.
    """
    shown = []
    for a, b in itertools.combinations(range(len(classes)), 2):
        code = np.where(present, values[..., a] * classes[b] + values[..., b], -1)
        shown.append((code[..., None] == np.arange(classes[a] * classes[b])).any(1))
    return np.concatenate(shown, 1).astype(np.float32)


def loss_of(network: ImageCNN, images: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The binary cross-entropy of what images show, (b, targets) float."""
    logits = network.head(network(images))
    return functional.binary_cross_entropy_with_logits(logits, targets)
