"""A fitted binary quantizer: a projection whose signs are the bits."""

from dataclasses import dataclass

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from fico_lib.runtime.devices import threads

ROWS = 65_536  # vectors projected at a time


@dataclass(frozen=True)
class Projection:
    """Bit j of x is set where (x - mean) · matrix[:, j] > 0.

    mean: (d,) float32; matrix: (d, bits) float32.
    """

    mean: np.ndarray
    matrix: np.ndarray

    @property
    def bits(self) -> int:
        """Length of the codes."""
        return self.matrix.shape[1]

    def encode(self, vectors: np.ndarray) -> np.ndarray:
        """Packed codes (n, ceil(bits / 8)) uint8 of vectors (n, d), zero bits as padding."""
        matrix, mean = torch.from_numpy(self.matrix), torch.from_numpy(self.mean)
        offset = mean @ matrix
        parts = [
            np.packbits((torch.from_numpy(vectors[a : a + ROWS]) @ matrix > offset).numpy(), axis=1)
            for a in range(0, len(vectors), ROWS)
        ]
        return np.concatenate(parts)


def principal_directions(train: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean (d,) of `train` (n, d) and its `count` leading principal directions (d, count)."""
    from scipy.linalg import eigh

    rows = torch.from_numpy(train)
    # On one thread: the last digits of sums depend on their number, and with them which of two
    # directions that explain nearly as much comes first.
    with threads(1), threadpool_limits(1):
        mean = rows.mean(0)
        centred, d = rows - mean, train.shape[1]
        covariance = (centred.T @ centred / len(train)).double().numpy()
        _, vectors = eigh(covariance, subset_by_index=(d - count, d - 1))
    return mean.numpy(), np.ascontiguousarray(vectors[:, ::-1], np.float32)
