"""Average precision at k from tie groups, exactly (FiCo-ITR, Section 3, Eq. 2 and below it).

AP@k sums, over the relevant candidates in the first k, the share of relevant ones down to it, and
divides by `denominator`: `hits` (relevant ones in the first k; fico-itr, UCCH, torchmetrics), `min`
(the most there could be, min(k, R)) or `total` (R, all relevant candidates; trec_eval, ranx).
"""

import functools

import numpy as np

ROWS = 1 << 22  # elements of a work array of `cut_group`


def average_precision_at_k(
    count: np.ndarray,
    relevant: np.ndarray,
    k: int,
    denominator: str = "hits",
    ties: str = "expected",
) -> np.ndarray:
    """AP@k of queries given as tie groups, best score first.

    count, relevant: (n, groups) int, candidates and relevant candidates per group (0 and 0 is
    fine). Returns (n,) float64 in [0, 1]; 0 for a query with nothing relevant.

    Relevant at ranks 1 and 3: (1/1 + 2/3) / 2. If these two tie with the one between them, the mean
    over the three orders 110, 101, 011 is (1 + 5/6 + 7/12) / 3.

    >>> one = np.array([[1, 1, 1]])
    >>> average_precision_at_k(one, np.array([[1, 0, 1]]), k=3).round(4)
    array([0.8333])
    >>> average_precision_at_k(np.array([[3]]), np.array([[2]]), k=3).round(4)
    array([0.8056])
    """
    count, relevant = np.asarray(count, np.int64), np.asarray(relevant, np.int64)
    return GroupedPrecision(count, relevant).at(k, denominator, ties)


class GroupedPrecision:
    """AP@k for several k and tie rules of the same tie groups: what they share is computed once."""

    def __init__(self, count: np.ndarray, relevant: np.ndarray):
        self.count, self.relevant = count, relevant
        self.above = count.cumsum(1) - count
        self.hits = relevant.cumsum(1)
        self._sums: dict[str, np.ndarray] = {}

    def _sums_before(self, ties: str) -> np.ndarray:
        """(n, groups + 1) sums of precision over the relevant candidates before each group."""
        if ties not in self._sums:
            before = self.hits - self.relevant
            sums = np.zeros((len(self.count), self.count.shape[1] + 1))
            precision_sum(self.above, before, self.count, self.relevant, ties).cumsum(
                1, out=sums[:, 1:]
            )
            self._sums[ties] = sums
        return self._sums[ties]

    def at(self, k: int, denominator: str, ties: str) -> np.ndarray:
        """AP@k (n,); see `average_precision_at_k`."""
        rows = np.arange(len(self.count))
        whole = (self.above + self.count <= k).sum(1)  # groups entirely inside the first k
        before = self._sums_before(ties)[rows, whole]
        total = self.hits[:, -1]
        hits = np.where(whole > 0, self.hits[rows, np.maximum(whole - 1, 0)], 0)
        result = divide(before, hits, k, total, denominator)
        cut = np.flatnonzero(whole < self.count.shape[1])
        cut = cut[self.above[cut, whole[cut]] < k]
        group = whole[cut]
        result[cut] = cut_group(
            self.above[cut, group], hits[cut], self.count[cut, group], self.relevant[cut, group],
            before[cut], total[cut], k, denominator, ties,
        )  # fmt: skip
        return result


def average_precision(ranking, k: int, denominator: str, ties: str) -> np.ndarray:
    """AP@k (n,) of ranked queries: `GroupedPrecision`, or `optimistic_sums.OptimisticSums`."""
    return ranking.at(k, denominator, ties)


def divide(
    sums: np.ndarray, hits: np.ndarray, k: int, total: np.ndarray, denominator: str
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


def _run(before: np.ndarray, above: np.ndarray, j: np.ndarray) -> np.ndarray:
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
        return _run(before, above, relevant)
    if ties == "pessimistic":
        return _run(before, above + count - relevant, relevant)
    return _spread(before, above, relevant, count)


def cut_group(above, before, count, relevant, sums, total, k, denominator, ties) -> np.ndarray:
    """AP@k (n,) of queries whose rank k falls inside a tie group.

    above, before, count, relevant: that group, as in `precision_sum`; sums: precisions summed over
    what stands before it; total: all relevant candidates of the query.
    """
    places = np.minimum(k - above, count)
    others = count - relevant
    if ties == "optimistic":
        x = np.minimum(relevant, places)
        return divide(sums + _run(before, above, x), before + x, k, total, denominator)
    if ties == "pessimistic":
        x = np.maximum(places - others, 0)
        start = above + np.minimum(others, places)
        return divide(sums + _run(before, start, x), before + x, k, total, denominator)
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
