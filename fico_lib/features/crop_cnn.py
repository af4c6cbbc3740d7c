"""A small convolutional network that learns what crops show: the simulated detector's eyes."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from fico_lib.runtime.progress import track

SIZE = 16  # pixels per side of a crop
BATCH = 256
LEARNING_RATE = 4e-3
IGNORE = -100  # a target that is not known


def _layer(inputs: int, outputs: int, size: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, size, stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


class CropCNN(nn.Module):
    """Crops (b, 3, 16, 16) -> features (b, dimension), and one linear head per target.

    classes: number of values of each single-valued target (kind, colour, size), and
    categories: number of labels an image may have several of (for the crop of the whole image).
    """

    def __init__(self, dimension: int, classes: tuple[int, ...], categories: int):
        super().__init__()
        self.body = nn.Sequential(
            _layer(3, 32, 4, 2), _layer(32, 64, 3, 2), _layer(64, 96, 3, 1), nn.Flatten()
        )
        self.feature = nn.Linear(96 * (SIZE // 4) ** 2, dimension)
        self.heads = nn.ModuleList(nn.Linear(dimension, n) for n in classes)
        self.categories = nn.Linear(dimension, categories)

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Features (b, dimension) float32, not negative."""
        return functional.relu(self.feature(self.body(crops)))


def to_input(crops: np.ndarray, device: torch.device) -> torch.Tensor:
    """Crops (..., 16, 16, 3) uint8 as a float tensor (b, 3, 16, 16), about zero mean."""
    pixels = torch.from_numpy(crops.reshape(-1, SIZE, SIZE, 3)).to(device)
    return pixels.float().div_(255).sub_(0.25).mul_(3).permute(0, 3, 1, 2)


def loss_of(
    network: CropCNN, features: torch.Tensor, targets: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    """Cross-entropy of each target plus binary cross-entropy of the whole image's categories.

    targets: (b, n_targets) int64 with IGNORE; labels: (b, n_categories) float, NaN where the crop
    is not the whole image.
    """
    loss = features.new_zeros(())
    for head, target in zip(network.heads, targets.T, strict=True):
        # The mean over known targets; a batch without any gives 0, not 0 / 0.
        known = (target != IGNORE).sum().clamp(min=1)
        loss = loss + functional.cross_entropy(head(features), target, reduction="sum") / known
    whole = ~labels.isnan().any(1)
    if labels.shape[1] and whole.any():
        logits = network.categories(features[whole])
        loss = loss + functional.binary_cross_entropy_with_logits(logits, labels[whole])
    return loss


def train(
    network: CropCNN,
    crops: np.ndarray,
    targets: np.ndarray,
    labels: np.ndarray,
    epochs: int,
    rng: np.random.Generator,
    device: torch.device,
) -> CropCNN:
    """Train the network on the detector's split; returns it in evaluation mode.

    crops: (n, 16, 16, 3) uint8; targets: (n, n_targets) int64; labels: (n, n_categories) float32.
    """
    network = network.to(device, memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(network.parameters(), LEARNING_RATE)
    starts = range(0, max(len(crops) - BATCH + 1, 1), BATCH)
    steps = [(epoch, start) for epoch in range(epochs) for start in starts]
    if steps:
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, LEARNING_RATE, total_steps=len(steps)
        )
    for _, start in track(steps, "training the detector"):
        if start == 0:
            order = rng.permutation(len(crops))
        rows = order[start : start + BATCH]
        features = network(to_input(crops[rows], device))
        wanted = torch.from_numpy(targets[rows]).to(device)
        loss = loss_of(network, features, wanted, torch.from_numpy(labels[rows]).to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()
