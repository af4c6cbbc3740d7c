"""Recall at k and the rank of the first positive (FiCo-ITR, Section 3, Eq. 1; VSE++)."""

import numpy as np


def hit_at_k(
    above: np.ndarray, count: np.ndarray, relevant: np.ndarray, k: int, ties: str = "expected"
) -> np.ndarray:
    """Is any positive among the first k? The field's R@k of one query (mode `any`).

    above, count, relevant: (n,) int, the tie group that holds the query's best positive: how many
    candidates score higher, how many score the same, and how many of these are positives (0 for a
    query without positives, which never hits). Returns (n,) float64 in [0, 1].

    Under `expected` it is one minus the hypergeometric chance that the `k - above` free places go
    to the other members of the group.

    A positive tied with one other candidate, nothing above: first place in half of the orders.

    >>> hit_at_k(np.array([0]), np.array([2]), np.array([1]), k=1)
    array([0.5])
    """
    if ties == "optimistic":
        return ((above < k) & (relevant > 0)).astype(float)
    if ties == "pessimistic":
        return ((above + count - relevant < k) & (relevant > 0)).astype(float)
    places = np.clip(k - above, 0, count)
    # Places and positives change roles: the product is over the fewer of the two.
    fewer, more = np.minimum(places, relevant), np.maximum(places, relevant)
    miss = np.ones(len(above))
    for i in range(int(fewer.max(initial=0))):
        others = np.maximum(count - more - i, 0) / np.maximum(count - i, 1)
        miss *= np.where(i < fewer, others, 1.0)
    return 1.0 - miss


def first_rank(
    above: np.ndarray, count: np.ndarray, relevant: np.ndarray, ties: str = "expected"
) -> np.ndarray:
    """Rank of the best positive, from 1; arguments as in `hit_at_k`, NaN without positives.

    Under `expected` the first of r positives among c tied candidates stands at (c + 1) / (r + 1)
    on average.

    >>> first_rank(np.array([3]), np.array([2]), np.array([1]))
    array([4.5])
    """
    inside = {
        "optimistic": np.ones(len(above)),
        "pessimistic": count - relevant + 1,
    }.get(ties, (count + 1) / (relevant + 1))
    return np.where(relevant > 0, above + inside, np.nan)


def recalled_at_k(
    above: np.ndarray, count: np.ndarray, relevant: np.ndarray, k: np.ndarray | int,
    ties: str = "expected",
) -> np.ndarray:  # fmt: skip
    """One positive's share of its tie group's recall: expected presence in the first k.

    above, count, relevant: the tie group of each positive, in any shape. Averaged over the
    positives of a query this is Eq. 1 read literally (mode `fraction`): recalled / positives.

    >>> recalled_at_k(np.array([0]), np.array([4]), np.array([2]), k=1)
    array([0.25])
    """
    places = np.clip(k - above, 0, count)
    if ties == "optimistic":
        return np.minimum(relevant, places) / np.maximum(relevant, 1)
    if ties == "pessimistic":
        return np.maximum(places - (count - relevant), 0) / np.maximum(relevant, 1)
    return np.where(relevant > 0, places / np.maximum(count, 1), 0.0)
