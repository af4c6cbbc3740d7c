"""Cosine, Euclidean and inner product (FiCo-ITR, Section 3.3), on numpy arrays or torch tensors.

Precision: float16, bfloat16 and float32 embeddings are compared in float32, anything else in
float64. Euclidean distances are computed in float64 in either case.
"""

import numpy as np

REPAIR = 1 << 20  # elements of a work array of `distance`
EPSILON = 1e-8  # the paper's, in the Euclidean similarity


def working(array):
    """The array in the type it is compared in: float32, or float64 for wider types."""
    if not isinstance(array, np.ndarray):
        return array
    narrow = array.dtype in (np.float16, np.float32) or array.dtype.itemsize <= 2
    return np.asarray(array, np.float32 if narrow else np.float64)


def unit(x):
    """Rows scaled to length one; (n, d), no row may be zero."""
    x = working(x)
    # Largest entry first: squares of very large or small entries leave the range of the type.
    largest = abs(x).max(1)
    largest = (largest.values if hasattr(largest, "values") else largest)[:, None]
    x = x / largest
    return x / ((x * x).sum(1) ** 0.5)[:, None]


def cosine(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x · y / (|x| |y|), in [-1, 1] up to rounding; (n, d) and (m, d) to (n, m)."""
    return unit(x) @ unit(y).T


def inner_product(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x · y; (n, d) and (m, d) to (n, m)."""
    return working(x) @ working(y).T


def euclidean(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """1 / (1 + distance + 1e-8), in (0, 1]; (n, d) and (m, d) to (n, m)."""
    centre = y.mean(0, dtype=np.float64)
    return 1 / (1 + distance(centred(x, centre), centred(y, centre)) + EPSILON)


def centred(x, centre):
    """Rows (n, d) in float64 minus a centre (d,): distances stay, norms and rounding shrink."""
    return (x.astype(np.float64) if isinstance(x, np.ndarray) else x.double()) - centre


def distance(x, y):
    """Euclidean distances (n, m) of centred rows, float64, also where two rows nearly coincide.

    |x|² + |y|² - 2 x·y cancels for near rows, so pairs closer than a millionth of their norms
    (squared) are computed again from the differences: equal rows have distance 0.
    """
    norms = (x * x).sum(1)[:, None] + (y * y).sum(1)[None]
    squared = x @ y.T
    squared *= -2
    squared += norms
    rows, columns = (
        (squared <= 1e-6 * norms).nonzero()
        if isinstance(x, np.ndarray)
        else ((squared <= 1e-6 * norms).nonzero(as_tuple=True))
    )
    step = max(1, REPAIR // max(1, x.shape[1]))
    for a in range(0, len(rows), step):
        r, c = rows[a : a + step], columns[a : a + step]
        squared[r, c] = ((x[r] - y[c]) ** 2).sum(1)
    return squared**0.5
