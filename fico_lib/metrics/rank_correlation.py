"""How far two orders of the same things agree."""

import numpy as np


def kendall_tau(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Kendall's tau-b along the last axis, of arrays (..., n): 1 the same order, -1 the reverse.

    The number of pairs in the same order minus that of pairs in opposite orders, divided by the
    geometric mean of the pairs that are not tied in x and in y. NaN where all are tied in one.
    Source: Kendall 1945, "The treatment of ties in ranking problems".

    Of three pairs, two are in the same order and one is not:

    >>> kendall_tau(np.array([1, 2, 3]), np.array([1, 3, 2])).round(3)
    np.float64(0.333)
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    signs = [np.sign(v[..., :, None] - v[..., None, :]) for v in (x, y)]
    both = (signs[0] * signs[1]).sum((-1, -2))
    untied = [np.square(sign).sum((-1, -2)) for sign in signs]
    with np.errstate(invalid="ignore", divide="ignore"):
        return both / np.sqrt(untied[0] * untied[1])
