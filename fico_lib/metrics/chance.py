"""Chance level: what a random ranking scores, exactly, and metrics corrected for it."""

import numpy as np

from fico_lib.metrics.average_precision import GroupedPrecision
from fico_lib.metrics.registry import Metric


def chance(
    metric: Metric,
    relevant: np.ndarray,
    candidates: int,
    mode: str = "any",
    denominator: str = "hits",
) -> np.ndarray:
    """What queries with `relevant` (n,) positives score in a random ranking, (n,) in the unit.

    A random ranking is one in which all candidates tie and ties are broken at random, so this is
    the metric itself on a single tie group. For mAP@N it is about relevant / candidates.

    >>> from fico_lib.metrics.registry import metric
    >>> chance(metric("R@5"), np.array([1]), candidates=100)
    array([5.])
    >>> chance(metric("mAP@2"), np.array([1]), candidates=2)
    array([75.])
    """
    counts, which = np.unique(relevant, return_inverse=True)
    everything, depth = np.full_like(counts, candidates), metric.depth(candidates)
    if metric.task == "category":
        ranking = GroupedPrecision(everything[:, None], counts[:, None])
        values = metric.value(ranking, *depth, denominator, "expected")
    else:
        value = metric.each if mode == "fraction" and metric.each else metric.value
        values = value(np.zeros_like(counts), everything, counts, *depth, "expected")
    return metric.scale * values[which]


def corrected(value: float, chance: float) -> float:
    """(value - chance) / (1 - chance): 0 at chance, 1 for a perfect ranking; NaN when chance is 1.

    >>> corrected(0.8, 0.5)
    0.6000000000000001
    """
    return (value - chance) / (1 - chance) if chance < 1 else float("nan")
