"""The tie group of positives by counting what scores higher: no sorting."""

import numpy as np


def best_positive(scores: np.ndarray, positives: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Best score among each query's positives (b,), and how many of them have it (b,).

    scores: (b, m); positives: (b, p) columns, -1 where there is none. Without any: -inf and 0.
    """
    values = positive_scores(scores, positives)
    best = values.max(1)
    return best, ((values == best[:, None]) & (positives >= 0)).sum(1)


def positive_scores(scores: np.ndarray, positives: np.ndarray) -> np.ndarray:
    """Scores (b, p) of the positives, -inf where there is none, in a float type."""
    values = np.take_along_axis(scores, np.maximum(positives, 0), 1)
    values = values.astype(np.result_type(values, np.float32), copy=False)
    return np.where(positives >= 0, values, -np.inf)


def count_above(scores: np.ndarray, threshold: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Per query: how many scores (b, m) are higher than its threshold (b,), and how many equal."""
    above = np.empty(len(scores), np.int64)
    equal = np.empty(len(scores), np.int64)
    for i, (row, value) in enumerate(zip(scores, threshold, strict=True)):
        above[i] = np.count_nonzero(row > value)
        equal[i] = np.count_nonzero(row == value)
    return above, equal


def count_above_in_order(
    scores: np.ndarray, threshold: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """As `count_above`, ties broken by index: higher, or equal and before `columns` (b,)."""
    above = np.empty(len(scores), np.int64)
    for i, (row, value, column) in enumerate(zip(scores, threshold, columns, strict=True)):
        above[i] = np.count_nonzero(row > value) + np.count_nonzero(row[: max(column, 0)] == value)
    return above
