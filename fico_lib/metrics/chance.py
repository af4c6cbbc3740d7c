"""Chance level: what a random ranking scores, exactly, and metrics corrected for it.

A random ranking is one in which all candidates tie and ties are broken at random, so each function
is the metric itself on a single tie group.
"""

import numpy as np

from fico_lib.metrics.average_precision import average_precision_at_k
from fico_lib.metrics.recall import first_rank, hit_at_k, recalled_at_k


def recall_chance(relevant: np.ndarray, candidates: int, k: int, mode: str = "any") -> np.ndarray:
    """R@k of a random ranking for queries with `relevant` (n,) positives.

    >>> recall_chance(np.array([1]), candidates=100, k=5)
    array([0.05])
    """
    none, all_ = np.zeros_like(relevant), np.full_like(relevant, candidates)
    if mode == "any":
        return hit_at_k(none, all_, relevant, k)
    return np.where(relevant > 0, recalled_at_k(none, all_, relevant, k), 0.0)


def rank_chance(relevant: np.ndarray, candidates: int) -> np.ndarray:
    """Expected rank of the first positive in a random ranking, (n,)."""
    return first_rank(np.zeros_like(relevant), np.full_like(relevant, candidates), relevant)


def average_precision_chance(
    relevant: np.ndarray, candidates: int, k: int, denominator: str = "hits"
) -> np.ndarray:
    """AP@k of a random ranking, (n,); about relevant / candidates for k = all.

    >>> average_precision_chance(np.array([1]), candidates=2, k=2)
    array([0.75])
    """
    values, which = np.unique(relevant, return_inverse=True)
    groups = np.full((len(values), 1), candidates)
    return average_precision_at_k(groups, values[:, None], k, denominator)[which]


def corrected(value: float, chance: float) -> float:
    """(value - chance) / (1 - chance): 0 at chance, 1 for a perfect ranking; NaN when chance is 1.

    >>> corrected(0.8, 0.5)
    0.6000000000000001
    """
    return (value - chance) / (1 - chance) if chance < 1 else float("nan")
