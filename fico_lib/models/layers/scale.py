"""The learned inverse temperature of cosines."""

import math

import torch
from torch import nn

LARGEST = 100.0  # as in Radford et al. 2021 (CLIP), Section 2.5


class Scale(nn.Module):
    """Multiplies cosines by a learned factor, `first` to begin with and 100 at most."""

    def __init__(self, first: float):
        super().__init__()
        self.log = nn.Parameter(torch.tensor(math.log(first)))

    def forward(self, cosines: torch.Tensor) -> torch.Tensor:
        """Any shape -> the same."""
        return self.log.exp().clamp(max=LARGEST) * cosines
