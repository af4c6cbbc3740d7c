"""The reciprocal rank of the best positive, cut at k, from its tie group, exactly."""

import numpy as np

from fico_lib.metrics.precision_sums import harmonic


def reciprocal_rank_at_k(
    above: np.ndarray, count: np.ndarray, relevant: np.ndarray, k: int, ties: str = "expected"
) -> np.ndarray:
    """1 / rank of the best positive (n,), 0 where it is not in the first k; MRR@k is the mean.

    above, count, relevant: (n,) int, the tie group of the best positive, as in `recall.hit_at_k`.
    Under `expected`, the first of r positives among c tied candidates stands at place p of the
    group with chance C(c - p, r - 1) / C(c, r). Source: Voorhees 1999, "The TREC-8 Question
    Answering Track Report"; in expectation, McSherry and Najork 2008, Section 2.

    A positive tied with another candidate: at rank 1 or 2.

    >>> reciprocal_rank_at_k(np.array([0]), np.array([2]), np.array([1]), k=2)
    array([0.75])
    """
    if ties != "expected":
        rank = above + 1 + (0 if ties == "optimistic" else count - relevant)
        return np.where((relevant > 0) & (rank <= k), 1 / rank, 0.0)
    # Equal groups once: one number for each pair, and then for each triple.
    _, sizes = np.unique(count * (relevant.max(initial=0) + 1) + relevant, return_inverse=True)
    _, first, which = np.unique(
        above * (sizes.max(initial=0) + 1) + sizes, return_index=True, return_inverse=True
    )
    return _expected(above[first], count[first], relevant[first], k)[which]


def _expected(above, count, relevant, k) -> np.ndarray:
    """As above, place by place; the places that are left end with the chance that is."""
    places = np.clip(k - above, 0, count - relevant + 1)
    alone = relevant == 1
    result = np.where(
        alone, (harmonic(above + places) - harmonic(above)) / np.maximum(count, 1), 0.0
    )
    rows = np.flatnonzero(~alone & (relevant > 0) & (places > 0))
    above, count, relevant, places = (v[rows] for v in (above, count, relevant, places))
    chance, p = relevant / np.maximum(count, 1), 1
    while len(rows):
        result[rows] += chance / (above + p)
        chance = chance * (count - p - relevant + 1) / np.maximum(count - p, 1)
        p += 1
        kept = (p <= places) & (chance > 1e-20)
        rows, above, count, relevant, places, chance = (
            v[kept] for v in (rows, above, count, relevant, places, chance)
        )
    return result
