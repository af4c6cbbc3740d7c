"""Normalised discounted cumulative gain with binary relevance, from tie groups, exactly."""

import functools

import numpy as np


def ndcg_at_k(ranking, k: int, ties: str) -> np.ndarray:
    """nDCG@k (n,) in [0, 1]; 0 for a query with nothing relevant.

    DCG@k adds 1 / log2(rank + 1) for each relevant candidate in the first k, and is divided by that
    of a perfect ranking, whose first min(k, R) are relevant. Source: Järvelin and Kekäläinen 2002,
    "Cumulated gain-based evaluation of IR techniques", with the discount of trec_eval's `ndcg_cut`;
    its mean over the orders of tied candidates: McSherry and Najork 2008, "Computing Information
    Retrieval Performance Measures Efficiently in the Presence of Tied Scores", Section 2.

    Relevant at rank 2 alone, then tied with the first: (1/log2(2) + 1/log2(3)) / 2.

    >>> from fico_lib.metrics.tie_groups import TieGroups
    >>> ndcg_at_k(TieGroups([[1, 1]], [[0, 1]]), 2, "expected").round(4)
    array([0.6309])
    >>> ndcg_at_k(TieGroups([[2]], [[1]]), 2, "expected").round(4)
    array([0.8155])
    """
    ideal = discounts(np.minimum(k, ranking.total))
    return ranking.gain(k, ties) / np.where(ideal > 0, ideal, 1)


def gain_of_group(above, count, relevant, k, ties: str) -> np.ndarray:
    """Sum of the discounts of a tie group's relevant members in the first k; any shape.

    Under `expected` each of its places holds a relevant member with chance relevant / count.
    """
    if ties == "optimistic":
        first, last, share = above, above + relevant, 1.0
    elif ties == "pessimistic":
        first, last, share = above + count - relevant, above + count, 1.0
    else:
        first, last, share = above, above + count, relevant / np.maximum(count, 1)
    return share * (discounts(np.minimum(last, k)) - discounts(np.minimum(first, k)))


def discounts(n) -> np.ndarray:
    """1/log2(2) + 1/log2(3) + ... + 1/log2(n + 1), 0 for n = 0; n of any shape.

    >>> discounts(np.array([0, 1, 3])).round(3)
    array([0.   , 1.   , 2.131])
    """
    n = np.asarray(n)
    return _sums(1 << int(n.max(initial=1) + 1).bit_length())[n]


def discount(size: int) -> np.ndarray:
    """1 / log2(rank + 1) of the ranks 0 to size - 1, as (size,) float64; 0 for rank 0."""
    ranks = np.arange(1, size)
    return np.concatenate([[0.0], 1 / np.log2(ranks + 1)])


@functools.lru_cache(maxsize=4)
def _sums(size: int) -> np.ndarray:
    return np.cumsum(discount(size))
