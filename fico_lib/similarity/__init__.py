"""Similarity measures (FiCo-ITR, Section 3.3): the paper's formulas, and scores in blocks.

`similarity(x, y, measure)` is the paper's definition for arrays that fit in memory. The evaluation
itself never holds all pairs: `fico_lib.similarity.blocks` hands out rows of scores that rank as the
measure does.
"""

import numpy as np

from fico_lib.runtime.arrays import as_numpy
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.registry import load, lookup

MEASURES = {
    "cosine": "fico_lib.similarity.continuous:cosine",
    "euclidean": "fico_lib.similarity.continuous:euclidean",
    "inner_product": "fico_lib.similarity.continuous:inner_product",
    "hamming": "fico_lib.similarity.hamming:hamming",
}


def similarity(x: object, y: object, measure: str = "cosine") -> np.ndarray:
    """Similarity (n, m) of all rows of x (n, d) to all rows of y (m, d); higher is more similar.

    `hamming` takes binary vectors ({0, 1}, {-1, +1} or bool, each side on its own).

    >>> similarity([[0.0, 2.0]], [[0.0, 1.0], [3.0, 0.0]])
    array([[1., 0.]])
    >>> similarity([[1, 0, 1, 1]], [[1, 1, 1, -1]], "hamming")
    array([[-0.5]])
    """
    target = lookup("measure", MEASURES, measure)
    x, y = as_numpy(x, "x"), as_numpy(y, "y")
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1] or not x.size * y.size:
        raise InputError(
            f"similarity: found shapes {x.shape} and {y.shape}; expected (n, d), (m, d), none 0"
        )
    for name, side in (("x", x), ("y", y)):
        if not np.isfinite(side).all():
            raise InputError(f"similarity: {name} holds NaN or infinity; expected numbers")
        if measure == "cosine" and not side.any(1).all():
            row = int(side.any(1).argmin())
            raise InputError(f"similarity: row {row} of {name} is zero, whose cosine is undefined")
    return load(target)(x, y)
