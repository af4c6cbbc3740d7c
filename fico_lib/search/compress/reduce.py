"""Fewer dimensions: the first ones, or the leading principal directions of both sides together."""

import numpy as np

from fico_lib.runtime.errors import InputError

REDUCTIONS = {"prefix": "the first dimensions", "pca": "principal components"}


def basis(reduction: str, dimension: int, images: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """The directions (d, dimension) float32 that vectors of both sides are multiplied by.

    images: (n, d), texts: (m, d) float32. The principal directions are those of the two sides'
    covariances, added up: each side is centred on its own, so that an offset between the sides is
    no direction of variance. One basis serves both, which keeps inner products. Raises InputError
    for more dimensions than d.
    """
    d = images.shape[1]
    if not 1 <= dimension <= d:
        raise InputError(f"{reduction}{dimension}: vectors of {d} dimensions; expected 1 to {d}")
    if reduction == "prefix":
        return np.eye(d, dimension, dtype=np.float32)
    from scipy.linalg import eigh

    covariance = sum(_covariance(side) for side in (images, texts))
    _, vectors = eigh(covariance, subset_by_index=(d - dimension, d - 1))
    return np.ascontiguousarray(vectors[:, ::-1], np.float32)


def _covariance(vectors: np.ndarray) -> np.ndarray:
    import torch

    rows = torch.from_numpy(vectors)  # torch keeps to the threads that the caller set
    centred = rows - rows.mean(0)
    return (centred.T @ centred / len(rows)).double().numpy()
