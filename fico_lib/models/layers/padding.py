"""Which vectors of padded items count."""

import torch


def inside(longest: int, lengths: torch.Tensor) -> torch.Tensor:
    """True at the places before each length, False at padding: (...,) -> (..., longest) bool."""
    return torch.arange(longest, device=lengths.device) < lengths[..., None]


def pool(vectors: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Mean and maximum of each item's vectors, side by side.

    vectors: (b, longest, d); lengths: (b,). Returns (b, 2 * d); padding does not count.
    """
    counted = inside(vectors.shape[1], lengths)[..., None]
    mean = (vectors * counted).sum(1) / lengths[:, None]
    return torch.cat([mean, vectors.masked_fill(~counted, -torch.inf).amax(1)], 1)


def all_of(vectors: torch.Tensor) -> torch.Tensor:
    """Lengths (b,) of items (b, k, d) without padding."""
    return torch.full((len(vectors),), vectors.shape[1], device=vectors.device)
