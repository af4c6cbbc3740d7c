"""Queries ranked on the CPU: what metrics and the PR curve need, in one pass over keys.

Keys (see `fico_lib.evaluation.sort_keys`) stand in ascending order with the relevance in their
lowest bit, so the optimistic order is the one they stand in, from the last to the first. Other
tie rules correct its sums for the mixed tie groups (see `fico_lib.metrics.optimistic_sums`).
"""

import functools

import numpy as np

from fico_lib.metrics.discounted_gain import discount
from fico_lib.metrics.optimistic_sums import Depths, MixedTies, OptimisticSums
from fico_lib.runtime.compiled import compiled

REORDERED = {"reassoc", "nnan", "nsz"}  # numbers that may be added in any order, none of them NaN


def ranked_sums(keys: np.ndarray, depths: Depths) -> tuple[OptimisticSums, np.ndarray]:
    """Sums at `depths` and interpolated precision (b, 11) of queries with sorted keys (b, m)."""
    b, m = keys.shape
    total, first, curve = np.empty(b, np.int64), np.empty(b, np.int64), np.empty((b, 11))
    wanted = [np.array(ks, np.int64) for ks in (depths.ranks, depths.relevant, depths.gains)]
    sums, of_first, gains = (np.empty((len(ks), b)) for ks in wanted)
    hits = np.empty((len(depths.ranks), b), np.int64)
    groups = np.empty((b * (m // 2), 5), np.int32)
    ranks, precision, borders = np.empty(m, np.int32), np.empty(m), np.empty(m, np.int32)
    found = _rank(
        keys, wanted[0], wanted[1], wanted[2], _discount(m + 1), total, first, sums, hits, of_first,
        gains, curve, groups, ranks, precision, borders,
    )  # fmt: skip
    ties = MixedTies(*groups[:found].T.astype(np.int64))
    by_k = {k: (sums[i], hits[i]) for i, k in enumerate(depths.ranks)}
    by_first = dict(zip(depths.relevant, of_first, strict=True))
    by_gain = dict(zip(depths.gains, gains, strict=True))
    return OptimisticSums(total, first, ties, by_k, by_first, by_gain), curve


_discount = functools.lru_cache(maxsize=4)(discount)


@compiled()
def _rank(
    keys, depths, firsts, gain_depths, discount, total, first, sums, hits, of_first, gains, curve,
    groups, ranks, precision, borders,
):  # fmt: skip
    """Fill the arrays of `ranked_sums`; returns how many mixed tie groups there are.

    ranks, precision, borders: (m,) room to work in.
    """
    m, found = keys.shape[1], 0
    for q in range(len(keys)):
        row = keys[q]
        n = total[q] = _ranks(row, ranks)
        first[q] = ranks[0] if n else 0
        for i in range(n):
            precision[i] = np.float64(np.int32(i + 1)) / np.float64(ranks[i])
        for i in range(len(depths)):
            hits[i, q] = _up_to(depths[i] if depths[i] > 0 else n, ranks, n)
            sums[i, q] = _sum(precision, hits[i, q])
        for i in range(len(firsts)):
            of_first[i, q] = _sum(precision, min(firsts[i], n))
        for i in range(len(gain_depths)):
            gains[i, q] = _gain(discount, ranks, _up_to(gain_depths[i], ranks, n))
        for i in range(_borders(row, borders)):
            low, high = _group(row, borders[i])
            above, count, relevant = m - high, high - low, high - borders[i]
            before = _up_to(above, ranks, n)
            group = groups[found]
            group[0], group[1], group[2], group[3], group[4] = q, above, before, count, relevant
            found += 1
            # A threshold cannot divide the group: it is one point of the curve.
            for member in range(before, before + relevant):
                precision[member] = (before + relevant) / (above + count)
        _interpolate(precision, n, curve[q])
    return found


@compiled()
def _ranks(row, ranks):
    """Ranks of the relevant candidates from the best, from 1, into `ranks`; returns how many.

    Each candidate is written, and the next one over it where it is not relevant: no branch to
    mispredict. An unsigned place needs no check for a negative one.
    """
    m, place = len(row), np.uint64(0)
    for i in range(m):
        ranks[place] = i + 1
        place += np.uint64(row[m - 1 - i] & 1)
    return np.int64(place)


@compiled()
def _borders(row, borders):
    """Where the relevant part of each mixed tie group starts, into `borders`; returns how many.

    The key before differs in its last bit alone.
    """
    found = np.uint64(0)
    for i in range(1, len(row)):
        borders[found] = i
        found += np.uint64(row[i - 1] ^ row[i] == 1)
    return np.int64(found)


@compiled()
def _group(row, border):
    """First and last (exclusive) place of the mixed tie group around a border."""
    low, high = border - 1, border + 1
    while low > 0 and row[low - 1] == row[low]:
        low -= 1
    while high < len(row) and row[high] == row[border]:
        high += 1
    return low, high


@compiled()
def _up_to(rank, ranks, n):
    """How many of the first n `ranks` are at most `rank`: a binary search."""
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if ranks[middle] <= rank:
            low = middle + 1
        else:
            high = middle
    return low


@compiled(fastmath=REORDERED)
def _sum(values, n):
    """Sum of the first n."""
    total = 0.0
    for i in range(n):
        total += values[i]
    return total


@compiled(fastmath=REORDERED)
def _gain(discount, ranks, n):
    """Sum of the discounts of the first n ranks."""
    total = 0.0
    for i in range(n):
        total += discount[ranks[i]]
    return total


@compiled(fastmath=REORDERED)
def _interpolate(precision, n, curve):
    """The best of the first n precisions at each recall level or beyond, into `curve` (11,).

    How many relevant candidates a level needs: see `fico_lib.metrics.precision_recall`.
    """
    best, end = 0.0, n
    for level in range(10, -1, -1):
        start = max(-(-level * n // 10), 1) - 1
        for i in range(start, end):
            best = max(best, precision[i])
        curve[level], end = best, start
