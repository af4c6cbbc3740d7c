"""Random hyperplanes through the origin: bits that are independent of the data."""

import numpy as np

from fico_lib.search.binarise.projection import Projection


def hyperplanes(train: np.ndarray, bits: int, seed: int = 0) -> Projection:
    """Signs of products with normal vectors: bits differ with probability angle / π.

    Only the dimension of `train` is used. Source: Charikar 2002, "Similarity Estimation Techniques
    from Rounding Algorithms", Section 3.
    """
    d = train.shape[1]
    normals = np.random.default_rng(seed).standard_normal((d, bits), np.float32)
    return Projection(np.zeros(d, np.float32), normals)
