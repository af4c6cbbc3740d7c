"""AP@k under every tie rule, from what the optimistic order sums up to.

Tie groups whose members are all relevant, or all not, change nothing. The others, the mixed ones,
are few for continuous scores, and each adds what a rule takes from the optimistic order's sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from fico_lib.metrics.average_precision import cut_group, divide, precision_sum


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

    def whole(self, k: int) -> np.ndarray:
        """Groups entirely inside the first k."""
        return np.flatnonzero(self.above + self.count <= k)

    def cut(self, k: int) -> "MixedTies":
        """Groups that rank k falls inside: at most one per query."""
        return self[(self.above < k) & (self.above + self.count > k)]

    def gain(self, ties: str) -> np.ndarray:
        """What a tie rule changes in a group's sum of precisions of the optimistic order, (g,)."""
        groups = self.above, self.before, self.count, self.relevant
        return precision_sum(*groups, ties) - precision_sum(*groups, "optimistic")


@dataclass
class OptimisticSums:
    """What average precision needs of n ranked queries, once their ranking is gone.

    total: relevant candidates per query (n,); ties: `MixedTies`; by k: sums of precisions and hits
    in the first k of the optimistic order (n,) each.
    """

    total: np.ndarray
    ties: MixedTies
    by_k: dict[int, tuple[np.ndarray, np.ndarray]]
    gains: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def joined(cls, parts: Sequence["OptimisticSums"]) -> "OptimisticSums":
        """Those of all queries of the parts, in their order."""
        starts = np.cumsum([0, *(len(part.total) for part in parts)])
        ties = [
            np.concatenate([getattr(part.ties, entry.name) for part in parts])
            for entry in fields(MixedTies)
        ]
        ties[0] += np.repeat(starts[:-1], [len(part.ties.row) for part in parts])
        by_k = {
            k: (
                np.concatenate([part.by_k[k][0] for part in parts]),
                np.concatenate([part.by_k[k][1] for part in parts]),
            )
            for k in parts[0].by_k
        }
        return cls(np.concatenate([part.total for part in parts]), MixedTies(*ties), by_k)

    def at(self, k: int, denominator: str, ties: str) -> np.ndarray:
        """AP@k (n,) float64 of every query; see `average_precision_at_k`."""
        sums, hits = self.by_k[k]
        if ties == "optimistic":
            return divide(sums, hits, k, self.total, denominator)
        whole, cut = self.ties.whole(k), self.ties.cut(k)
        if ties not in self.gains:  # the same for all k
            self.gains[ties] = self.ties.gain(ties)
        gain = np.bincount(self.ties.row[whole], self.gains[ties][whole], len(sums))
        sums = sums + gain
        result = divide(sums, hits, k, self.total, denominator)
        # What the optimistic order takes of the cut group goes: what stands above it is left.
        inside = np.minimum(cut.relevant, k - cut.above)
        above = sums[cut.row] - precision_sum(
            cut.above, cut.before, cut.count, inside, "optimistic"
        )
        result[cut.row] = cut_group(
            cut.above, cut.before, cut.count, cut.relevant, above, self.total[cut.row], k,
            denominator, ties,
        )  # fmt: skip
        return result
