"""Sums of precisions over the relevant members of tie groups, in closed form under every tie rule.

They are what average precision divides (`fico_lib.metrics.average_precision`).
"""

import functools

import numpy as np

ROWS = 1 << 22  # elements of a work array of `cut_group`


def divide(
    sums: np.ndarray, hits: np.ndarray, k: np.ndarray | int, total: np.ndarray, denominator: str
) -> np.ndarray:
    """Sums of precision over the denominator of that name; where it is 0, so is the sum."""
    below = (
        np.minimum(k, total)
        if denominator == "min"
        else {"hits": hits, "total": total}[denominator]
    )
    return sums / np.maximum(below, 1)


@functools.lru_cache(maxsize=4)
def _harmonic(size: int) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1, size))])


def harmonic(n: np.ndarray | int) -> np.ndarray:
    """The harmonic numbers H(n) = 1 + 1/2 + ... + 1/n, H(0) = 0.

    >>> harmonic(np.array([0, 1, 2]))
    array([0. , 1. , 1.5])
    """
    size = 1 << int(np.max(n, initial=1) + 1).bit_length()
    return _harmonic(size)[n]


def run(before: np.ndarray, above: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Precisions of j relevant candidates in a row: sum over i=1..j of (before+i)/(above+i)."""
    return j + (before - above) * (harmonic(above + j) - harmonic(above))


def _spread(before, above, x, m) -> np.ndarray:
    """Mean sum of precisions when x relevant candidates stand at random among m places.

    A place is relevant with chance x/m, and then (j-1)(x-1)/(m-1) of the j-1 places before it are:
    x/m * sum over j=1..m of (before + 1 + (j-1) b) / (above + j) with b = (x-1)/(m-1).
    """
    b = (x - 1) / np.maximum(m - 1, 1)
    steps = harmonic(above + m) - harmonic(above)
    value = x / np.maximum(m, 1) * ((before + 1 - b * (above + 1)) * steps + b * m)
    return np.where(x > 0, value, 0.0)


def precision_sum(
    above: np.ndarray, before: np.ndarray, count: np.ndarray, relevant: np.ndarray, ties: str
) -> np.ndarray:
    """Sum of the precisions at the relevant members of whole tie groups.

    above: candidates ranked before the group; before: relevant ones among them; any shape.
    """
    if ties == "optimistic":
        return run(before, above, relevant)
    if ties == "pessimistic":
        return run(before, above + count - relevant, relevant)
    return _spread(before, above, relevant, count)


def first_of_group(above, before, count, relevant, x, ties) -> np.ndarray:
    """Sum of the precisions at a group's first x relevant members, (n,); as in `precision_sum`."""
    if ties == "optimistic":
        return run(before, above, x)
    if ties == "pessimistic":
        return run(before, above + count - relevant, x)
    from fico_lib.metrics.first_relevant import precision_of_first  # numba, which few need

    return precision_of_first(above, before, count, relevant, x)


def cut_group(above, before, count, relevant, sums, total, k, denominator, ties) -> np.ndarray:
    """AP@k (n,) of queries whose rank k falls inside a tie group.

    above, before, count, relevant: that group, as in `precision_sum`; sums: precisions summed over
    what stands before it; total: all relevant candidates of the query.
    """
    places = np.minimum(k - above, count)
    others = count - relevant
    if ties == "optimistic":
        x = np.minimum(relevant, places)
        return divide(sums + run(before, above, x), before + x, k, total, denominator)
    if ties == "pessimistic":
        x = np.maximum(places - others, 0)
        start = above + np.minimum(others, places)
        return divide(sums + run(before, start, x), before + x, k, total, denominator)
    if denominator != "hits":  # linear in the group: its members are interchangeable
        b = (relevant - 1) / np.maximum(count - 1, 1)
        steps = harmonic(above + places) - harmonic(above)
        inside = relevant / count * ((before + 1 - b * (above + 1)) * steps + b * places)
        inside = np.where(relevant > 0, inside, 0.0)
        return divide(sums + inside, before, k, total, denominator)
    result = np.empty(len(above))
    widest = int(np.minimum(relevant, places).max(initial=0)) + 1
    step = max(1, ROWS // widest)
    for a in range(0, len(above), step):
        s = slice(a, a + step)
        result[s] = _mean_over_hits(
            above[s, None], before[s, None], others[s, None], relevant[s, None], places[s, None],
            sums[s, None],
        )  # fmt: skip
    return result


def _mean_over_hits(above, before, others, relevant, places, sums) -> np.ndarray:
    """Mean of (sums + inside) / hits over the hypergeometric number of hits among the places."""
    fewest, most = np.maximum(places - others, 0), np.minimum(relevant, places)
    x = fewest + np.arange(int((most - fewest).max(initial=0)) + 1)
    # Chances by the ratio of neighbours: gamma functions lose digits for large galleries.
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (relevant - x) * (places - x) / ((x + 1.0) * (others - places + x + 1.0))
        steps = np.log(np.where(x < most, ratio, 1.0))
    logs = np.concatenate([np.zeros((len(x), 1)), steps[:, :-1].cumsum(1)], axis=1)
    logs = np.where(x <= most, logs, -np.inf)
    chance = np.exp(logs - logs.max(1, keepdims=True))
    chance /= chance.sum(1, keepdims=True)
    x = np.minimum(x, most)
    value = (sums + _spread(before, above, x, places)) / np.maximum(before + x, 1)
    return (chance * value).sum(1)
