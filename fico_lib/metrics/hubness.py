"""Hubness: how unevenly candidates come among the first k of the queries."""

import numpy as np


def skewness(occurrence: np.ndarray) -> float:
    """Skewness of the k-occurrence (m,): E[(N - mean)^3] / deviation^3, 0 where all are equal.

    N counts the queries that have a candidate among their first k. A few hubs that are near to
    many queries make it large. Source: Radovanović, Nanopoulos and Ivanović 2010, "Hubs in Space",
    Section 2.

    >>> round(skewness(np.array([0.0, 0.0, 0.0, 4.0])), 3)
    1.155
    """
    apart = occurrence - occurrence.mean()
    deviation = np.sqrt((apart**2).mean())
    if deviation <= 1e-12 * max(1.0, float(np.abs(occurrence).max(initial=0))):
        return 0.0
    return float(((apart / deviation) ** 3).mean())


def chance_skewness(queries: int, candidates: int, k: int) -> float:
    """Skewness of a binomial count: each query draws its first k at random.

    >>> round(chance_skewness(100, 1000, 10), 3)
    0.985
    """
    share = min(k, candidates) / candidates
    variance = queries * share * (1 - share)
    return float((1 - 2 * share) / np.sqrt(variance)) if variance else 0.0
