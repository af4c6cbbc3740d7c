"""Ranked queries as tie groups: what every metric of a ranking is computed from."""

from typing import Protocol

import numpy as np

from fico_lib.metrics.discounted_gain import gain_of_group
from fico_lib.metrics.precision_sums import cut_group, divide, first_of_group, precision_sum
from fico_lib.metrics.recall import recalled_at_k

AT_R = 0  # stands for the depth R, the number of a query's relevant candidates


class Ranking(Protocol):
    """n ranked queries: `TieGroups`, or `optimistic_sums.OptimisticSums`. k may be `AT_R`."""

    total: np.ndarray  # (n,) int64, relevant candidates

    def average_precision(self, k: int, denominator: str, ties: str) -> np.ndarray:
        """AP@k (n,) with the denominator hits, min or total."""

    def precision_of_first(self, k: int, ties: str) -> np.ndarray:
        """Mean precision (n,) at the first min(k, R) relevant candidates."""

    def hits(self, k: int, ties: str) -> np.ndarray:
        """Relevant candidates (n,) in the first k."""

    def gain(self, k: int, ties: str) -> np.ndarray:
        """Sum (n,) of the discounts of the relevant candidates in the first k."""

    def best(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """above, count, relevant (n,) of the best tie group with a relevant member; or zeros."""


class TieGroups:
    """A `Ranking` from its tie groups, for any depth and tie rule; what these share is kept."""

    def __init__(self, count, relevant, above: np.ndarray | None = None):
        """count, relevant: (n, groups) int, candidates and relevant ones of each group, best first.

        above: (n, groups), candidates ranked before it, where groups without any relevant candidate
        are left out.
        """
        self.count, self.relevant = np.asarray(count, np.int64), np.asarray(relevant, np.int64)
        self.above = self.count.cumsum(1) - self.count if above is None else above
        self.up_to = self.relevant.cumsum(1)
        self.total = self.up_to[:, -1]
        self._sums: dict[str, np.ndarray] = {}
        self._cuts: dict[int, tuple] = {}

    def _sums_before(self, ties: str) -> np.ndarray:
        """(n, groups + 1) sums of precision over the relevant candidates before each group."""
        if ties not in self._sums:
            before = self.up_to - self.relevant
            sums = np.zeros((len(self.count), self.count.shape[1] + 1))
            precision_sum(self.above, before, self.count, self.relevant, ties).cumsum(
                1, out=sums[:, 1:]
            )
            self._sums[ties] = sums
        return self._sums[ties]

    def _depth(self, k: int) -> np.ndarray:
        return self.total if k == AT_R else np.full(len(self.count), k)

    def _after(self, whole: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The group after the first `whole` (n,) of each query that has one: row and group (r,).

        Also the relevant candidates (n,) in the whole ones.
        """
        before = np.where(whole > 0, self.up_to[np.arange(len(whole)), np.maximum(whole - 1, 0)], 0)
        rows = np.flatnonzero(whole < self.count.shape[1])
        return rows, whole[rows], before

    def _cut(self, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """depth and number of whole groups (n,); row and group (r,) that the depth cuts; hits (n,).

        hits: relevant candidates in the whole groups. The same for all tie rules.
        """
        if k not in self._cuts:
            depth = self._depth(k)
            whole = (self.above + self.count <= depth[:, None]).sum(1)  # entirely inside
            rows, group, hits = self._after(whole)
            inside = self.above[rows, group] < depth[rows]
            self._cuts[k] = depth, whole, rows[inside], group[inside], hits
        return self._cuts[k]

    def average_precision(self, k: int, denominator: str, ties: str) -> np.ndarray:
        """See `Ranking`."""
        depth, whole, cut, group, hits = self._cut(k)
        sums = self._sums_before(ties)[np.arange(len(whole)), whole]
        result = divide(sums, hits, depth, self.total, denominator)
        result[cut] = cut_group(
            self.above[cut, group], hits[cut], self.count[cut, group], self.relevant[cut, group],
            sums[cut], self.total[cut], depth[cut], denominator, ties,
        )  # fmt: skip
        return result

    def precision_of_first(self, k: int, ties: str) -> np.ndarray:
        """See `Ranking`."""
        whole = (self.up_to <= k).sum(1)
        sums = self._sums_before(ties)[np.arange(len(whole)), whole]
        cut, group, hits = self._after(whole)
        sums[cut] += first_of_group(
            self.above[cut, group], hits[cut], self.count[cut, group], self.relevant[cut, group],
            k - hits[cut], ties,
        )  # fmt: skip
        return sums / np.maximum(np.minimum(k, self.total), 1)

    def hits(self, k: int, ties: str) -> np.ndarray:
        """See `Ranking`."""
        depth, _, cut, group, hits = self._cut(k)
        result, relevant = hits.astype(float), self.relevant[cut, group]
        share = recalled_at_k(
            self.above[cut, group], self.count[cut, group], relevant, depth[cut], ties
        )
        result[cut] += relevant * share
        return result

    def gain(self, k: int, ties: str) -> np.ndarray:
        """See `Ranking`."""
        reached = int((self.above < k).any(0).sum())  # groups that any query has in its first k
        groups = self.above[:, :reached], self.count[:, :reached], self.relevant[:, :reached]
        return gain_of_group(*groups, k, ties).sum(1)

    def best(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See `Ranking`."""
        first = (self.relevant > 0).argmax(1)
        rows, found = np.arange(len(first)), self.total > 0
        parts = (self.above, self.count, self.relevant)
        above, count, relevant = (np.where(found, part[rows, first], 0) for part in parts)
        return above, count, relevant
