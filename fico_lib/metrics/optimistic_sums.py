"""Metrics of a ranking under every tie rule, from what the optimistic order sums up to.

Tie groups whose members are all relevant, or all not, change nothing. The others, the mixed ones,
are few for continuous scores, and each adds what a rule takes from the optimistic order's sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from fico_lib.metrics.discounted_gain import gain_of_group
from fico_lib.metrics.precision_sums import cut_group, divide, first_of_group, precision_sum, run
from fico_lib.metrics.recall import recalled_at_k
from fico_lib.metrics.tie_groups import AT_R


@dataclass
class MixedTies:
    """Tie groups with relevant and other members: row, above, before, count, relevant; (g,) int64.

    above: candidates ranked before the group; before: relevant ones among them. Sorted by row, and
    within a row from the worst group to the best.
    """

    row: np.ndarray
    above: np.ndarray
    before: np.ndarray
    count: np.ndarray
    relevant: np.ndarray

    def __getitem__(self, which: np.ndarray) -> "MixedTies":
        """Some of the groups."""
        return MixedTies(*(getattr(self, entry.name)[which] for entry in fields(self)))

    def whole(self, depth: np.ndarray) -> np.ndarray:
        """Groups entirely inside the first `depth` (n,) of their query."""
        return np.flatnonzero(self.above + self.count <= depth[self.row])

    def cut(self, depth: np.ndarray) -> "MixedTies":
        """Groups that rank `depth` (n,) falls inside: at most one per query."""
        depth = depth[self.row]
        return self[(self.above < depth) & (self.above + self.count > depth)]

    def change(self, ties: str) -> np.ndarray:
        """What a tie rule changes in a group's sum of precisions of the optimistic order, (g,)."""
        groups = self.above, self.before, self.count, self.relevant
        return precision_sum(*groups, ties) - precision_sum(*groups, "optimistic")


@dataclass(frozen=True)
class Depths:
    """Where the sums are taken: precisions and hits in the first k (`AT_R`: in the first R).

    relevant: precisions of the first k relevant candidates; gains: discounts in the first k.
    """

    ranks: tuple[int, ...] = ()
    relevant: tuple[int, ...] = ()
    gains: tuple[int, ...] = ()


@dataclass
class OptimisticSums:
    """What metrics need of n ranked queries, once their ranking is gone: a `tie_groups.Ranking`.

    total: relevant candidates per query (n,); first: rank of the best one (n,), 0 for none; ties:
    `MixedTies`. Of the optimistic order, each (n,): by_k: sums of precisions, and hits, in the
    first k; of_first: sums of precisions of the first k relevant candidates; gains: sums of the
    discounts in the first k.
    """

    total: np.ndarray
    first: np.ndarray
    ties: MixedTies
    by_k: dict[int, tuple[np.ndarray, np.ndarray]]
    of_first: dict[int, np.ndarray] = field(default_factory=dict)
    gains: dict[int, np.ndarray] = field(default_factory=dict)
    _changes: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def joined(cls, parts: Sequence["OptimisticSums"]) -> "OptimisticSums":
        """Those of all queries of the parts, in their order."""
        starts = np.cumsum([0, *(len(part.total) for part in parts)])
        ties = [
            np.concatenate([getattr(part.ties, entry.name) for part in parts])
            for entry in fields(MixedTies)
        ]
        ties[0] += np.repeat(starts[:-1], [len(part.ties.row) for part in parts])
        sums, hits = (
            _joined([{k: both[i] for k, both in part.by_k.items()} for part in parts])
            for i in (0, 1)
        )
        return cls(
            np.concatenate([part.total for part in parts]),
            np.concatenate([part.first for part in parts]),
            MixedTies(*ties),
            {k: (sums[k], hits[k]) for k in sums},
            _joined([part.of_first for part in parts]),
            _joined([part.gains for part in parts]),
        )

    def _change(self, ties: str) -> np.ndarray:
        if ties not in self._changes:  # the same for all k
            self._changes[ties] = self.ties.change(ties)
        return self._changes[ties]

    def _depth(self, k: int) -> np.ndarray:
        return self.total if k == AT_R else np.full(len(self.total), k)

    def _added(self, groups: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Values of some mixed ties, summed by query (n,)."""
        return np.bincount(self.ties.row[groups], values, len(self.total))

    def average_precision(self, k: int, denominator: str, ties: str) -> np.ndarray:
        """See `Ranking`."""
        sums, hits = self.by_k[k]
        depth = self._depth(k)
        if ties == "optimistic":
            return divide(sums, hits, depth, self.total, denominator)
        whole, cut = self.ties.whole(depth), self.ties.cut(depth)
        sums = sums + self._added(whole, self._change(ties)[whole])
        result = divide(sums, hits, depth, self.total, denominator)
        # What the optimistic order takes of the cut group goes: what stands above it is left.
        depth = depth[cut.row]
        inside = np.minimum(cut.relevant, depth - cut.above)
        above = sums[cut.row] - run(cut.before, cut.above, inside)
        result[cut.row] = cut_group(
            cut.above, cut.before, cut.count, cut.relevant, above, self.total[cut.row], depth,
            denominator, ties,
        )  # fmt: skip
        return result

    def precision_of_first(self, k: int, ties: str) -> np.ndarray:
        """See `Ranking`."""
        sums, t = self.of_first[k], self.ties
        if ties != "optimistic":
            whole = np.flatnonzero(t.before + t.relevant <= k)
            part = np.flatnonzero((t.before < k) & (t.before + t.relevant > k))
            cut = t[part]
            groups = cut.above, cut.before, cut.count, cut.relevant, k - cut.before
            change = first_of_group(*groups, ties) - first_of_group(*groups, "optimistic")
            sums = sums + self._added(whole, self._change(ties)[whole]) + self._added(part, change)
        return sums / np.maximum(np.minimum(k, self.total), 1)

    def hits(self, k: int, ties: str) -> np.ndarray:
        """See `Ranking`."""
        depth, hits = self._depth(k), self.by_k[k][1].astype(float)
        if ties == "optimistic":
            return hits
        cut = self.ties.cut(depth)
        depth = depth[cut.row]
        share = recalled_at_k(cut.above, cut.count, cut.relevant, depth, ties)
        hits[cut.row] += cut.relevant * share - np.minimum(cut.relevant, depth - cut.above)
        return hits

    def gain(self, k: int, ties: str) -> np.ndarray:
        """See `Ranking`."""
        reached = np.flatnonzero(self.ties.above < k)
        t = self.ties[reached]
        rule, optimistic = (
            gain_of_group(t.above, t.count, t.relevant, k, r) for r in (ties, "optimistic")
        )
        return self.gains[k] + self._added(reached, rule - optimistic)

    def best(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See `Ranking`; of a group without other members, its first member stands for all."""
        above, relevant = np.maximum(self.first - 1, 0), (self.first > 0).astype(np.int64)
        count = relevant.copy()
        t = self.ties[np.flatnonzero(self.ties.before == 0)]
        above[t.row], count[t.row], relevant[t.row] = t.above, t.count, t.relevant
        return above, count, relevant


def _joined(parts: list[dict[int, np.ndarray]]) -> dict[int, np.ndarray]:
    return {k: np.concatenate([part[k] for part in parts]) for k in parts[0]}
