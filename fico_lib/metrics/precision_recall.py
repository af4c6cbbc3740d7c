"""The 11-point interpolated precision-recall curve (FiCo-ITR, Section 3; TREC)."""

import numpy as np

LEVELS = np.arange(11)  # tenths: recall 0.0, 0.1, ..., 1.0, kept as integers


def first_at_level(total: np.ndarray) -> np.ndarray:
    """How many relevant candidates a recall level needs: (n, 11) from the totals (n,), at least 1.

    In integers: `ceil(level * total)` in floating point asks for one too many in 4 % of cases.

    >>> first_at_level(np.array([3]))
    array([[1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3]])
    """
    return np.maximum(-(-LEVELS * np.asarray(total)[:, None] // 10), 1)


def precision_at_recall_levels(count: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """Interpolated precision at recall 0.0, 0.1, ..., 1.0: the best at that recall or beyond.

    count, relevant: (n, groups), tie groups best first, as in `average_precision_at_k`. Only whole
    tie groups are operating points (a threshold cannot divide one), so no tie rule is needed.
    Returns (n, 11) float64; zeros for a query with nothing relevant.

    Relevant at ranks 1 and 3: precision 1 until recall 0.5, then 2/3.

    >>> one = np.array([[1, 1, 1]])
    >>> precision_at_recall_levels(one, np.array([[1, 0, 1]])).round(2)[0, [0, 5, 6, 10]]
    array([1.  , 1.  , 0.67, 0.67])
    """
    seen, hits = np.cumsum(count, 1), np.cumsum(relevant, 1)
    precision = hits / np.maximum(seen, 1)
    best = np.maximum.accumulate(precision[:, ::-1], 1)[:, ::-1]
    total = hits[:, -1]
    first = np.empty((len(total), 11), np.int64)
    for level, needed in enumerate(first_at_level(total).T):
        first[:, level] = (hits >= needed[:, None]).argmax(1)
    return np.where(total[:, None] > 0, np.take_along_axis(best, first, 1), 0.0)
