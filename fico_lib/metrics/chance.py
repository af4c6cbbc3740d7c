"""Chance level: what a random ranking scores, exactly, and metrics corrected for it."""

import numpy as np

from fico_lib.metrics.registry import Metric
from fico_lib.metrics.tie_groups import TieGroups


def chance(
    metric: Metric,
    relevant: np.ndarray,
    candidates: np.ndarray | int,
    mode: str = "any",
    denominator: str = "hits",
) -> np.ndarray:
    """What queries with `relevant` (n,) positives score in a random ranking, (n,) in the unit.

    A random ranking is one in which all candidates tie and ties are broken at random, so this is
    the metric itself on a single tie group. For mAP@N it is about relevant / candidates. There may
    be another number of candidates for each query, (n,). Within a Hamming radius chance depends on
    the codes: see `fico_lib.evaluation.within_radius`.

    >>> from fico_lib.metrics.registry import metric
    >>> chance(metric("R@5"), np.array([1]), candidates=100)
    array([5.])
    >>> chance(metric("mAP@2"), np.array([1]), candidates=2)
    array([75.])
    """
    bound = metric.under(mode, denominator)
    most = int(np.max(candidates, initial=0))
    pairs, which = np.unique(relevant * (most + 1) + candidates, return_inverse=True)
    ranking = TieGroups(pairs[:, None] % (most + 1), pairs[:, None] // (most + 1))
    return bound.of_ranking(ranking, most, "expected")[which]


def corrected(value: float, chance: float) -> float:
    """(value - chance) / (1 - chance): 0 at chance, 1 for a perfect ranking; NaN when chance is 1.

    >>> corrected(0.8, 0.5)
    0.6000000000000001
    """
    return (value - chance) / (1 - chance) if chance < 1 else float("nan")
