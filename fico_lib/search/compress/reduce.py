"""Fewer dimensions: the first ones, or the leading principal directions of both sides together.

Principal components differ in how much they hold, and a sign gives each the same single bit. A
random rotation among them spreads what they hold over all bits, and changes no inner product (the
start of ITQ: Gong et al. 2013, "Iterative Quantization", Section 3.1).
"""

import numpy as np

from fico_lib.runtime.errors import InputError
from fico_lib.similarity.continuous import unit

REDUCTIONS = {
    "prefix": "the first dimensions",
    "pca": "principal components",
    "rpca": "principal components, rotated at random",
}


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
    directions = vectors[:, ::-1]
    if reduction == "rpca":
        normal = np.random.default_rng(0).standard_normal((dimension, dimension))
        directions = directions @ np.linalg.qr(normal).Q
    return np.ascontiguousarray(directions, np.float32)


def components(embeddings, share: float) -> int:
    """How many principal components of `Embeddings` hold that share of the sides' variance."""
    covariance = sum(_covariance(unit(side)) for side in (embeddings.images, embeddings.texts))
    variances = np.linalg.eigvalsh(covariance)[::-1].clip(0)
    held = variances.cumsum() / variances.sum()
    return min(int((held < share).sum()) + 1, len(held))


def _covariance(vectors: np.ndarray) -> np.ndarray:
    import torch

    rows = torch.from_numpy(vectors)  # torch keeps to the threads that the caller set
    centred = rows - rows.mean(0)
    return (centred.T @ centred / len(rows)).double().numpy()
