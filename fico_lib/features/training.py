"""The training that the networks behind crop features share."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from fico_lib.runtime.progress import track

LEARNING_RATE = 4e-3


def train(
    network: nn.Module,
    inputs: np.ndarray,
    targets: np.ndarray,
    loss_of: Callable[..., torch.Tensor],
    epochs: int,
    batch: int,
    rng: np.random.Generator,
    device: torch.device,
    what: str,
) -> nn.Module:
    """Train a network by AdamW and one cycle of the learning rate; it is returned ready to be used.

    inputs: (n, height, width, 3) uint8; targets: (n, ...); `loss_of(network, inputs, targets)` gets
    a batch of both, as tensors; what: the step's name, where progress is shown.
    """
    network = network.to(device, memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(network.parameters(), LEARNING_RATE)
    starts = range(0, max(len(inputs) - batch + 1, 1), batch)
    steps = [(epoch, start) for epoch in range(epochs) for start in starts]
    if steps:
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, LEARNING_RATE, total_steps=len(steps)
        )
    for _, start in track(steps, f"training the detector ({what})"):
        if start == 0:
            order = rng.permutation(len(inputs))
        rows = order[start : start + batch]
        wanted = torch.from_numpy(targets[rows]).to(device)
        loss = loss_of(network, to_input(inputs[rows], device), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


def to_input(pixels: np.ndarray, device: torch.device) -> torch.Tensor:
    """Pictures (..., height, width, 3) uint8 as floats (b, 3, height, width), about zero mean."""
    flat = torch.from_numpy(pixels.reshape(-1, *pixels.shape[-3:])).to(device)
    return flat.float().div_(255).sub_(0.25).mul_(3).permute(0, 3, 1, 2)


def convolution(inputs: int, outputs: int, size: int, stride: int) -> nn.Sequential:
    """A convolution of that size and stride, with batch normalisation and ReLU."""
    layer = nn.Conv2d(inputs, outputs, size, stride, padding=1, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), nn.ReLU())
