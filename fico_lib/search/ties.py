"""Hamming distances by matrix products, to count how many candidates tie with the right one."""

import numpy as np
import torch

from fico_lib.devices import resolve

TILE = 16_384  # candidates at a time


def signs(packed: np.ndarray, bits: int) -> np.ndarray:
    """Packed codes (n, bytes) as ±1 (n, bits) float32."""
    return np.unpackbits(packed, axis=1, count=bits).astype(np.float32) * 2 - 1


def tied(
    queries: np.ndarray, gallery: np.ndarray, bits: int, nearest: np.ndarray, device: str = "auto"
) -> tuple[np.ndarray, np.ndarray]:
    """Per query, how many codes are nearer than that of `nearest`, and how many as near.

    queries: (n_queries, bytes), gallery: (n, bytes) packed; nearest: (n_queries,) rows of the
    gallery, each counted among the equal. Returns two (n_queries,) int64.
    """
    where = resolve(device)
    asked = torch.from_numpy(signs(queries, bits)).to(where)
    right = torch.from_numpy(signs(gallery[nearest], bits)).to(where)
    agreeing = (asked * right).sum(1, keepdim=True)  # sums of ±1: exact in float32
    less = torch.zeros(len(asked), dtype=torch.int64, device=where)
    equal = torch.zeros_like(less)
    for start in range(0, len(gallery), TILE):
        tile = torch.from_numpy(signs(gallery[start : start + TILE], bits)).to(where)
        products = asked @ tile.T
        # Half the time of a sum in the default int64.
        less += (products > agreeing).sum(1, dtype=torch.int32)
        equal += (products == agreeing).sum(1, dtype=torch.int32)
    return less.cpu().numpy(), equal.cpu().numpy()
