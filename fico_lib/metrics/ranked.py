"""Average precision and the precision-recall curve of a block of queries, from sorted keys."""

from dataclasses import dataclass

import numpy as np

from fico_lib.metrics.average_precision import cut_group, divide, precision_sum
from fico_lib.metrics.precision_recall import first_at_level


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


class RankedBlock:
    """A block of ranked queries: `keys` (b, m), ascending, relevance in the lowest bit.

    total: relevant candidates per query (b,). Metrics start from the optimistic order, in which the
    keys stand, and are corrected for the mixed tie groups: few for continuous scores.
    """

    def __init__(self, keys: np.ndarray):
        self.keys = keys
        b, m = keys.shape
        self.relevant = (keys & 1).astype(bool)
        flat = np.flatnonzero(self.relevant)  # from the worst to the best, row after row
        ends = np.searchsorted(flat, np.arange(1, b + 1) * m)
        self.total = np.diff(ends, prepend=0)
        self.flat, self.ends, self.starts = flat, ends, ends - self.total
        row = np.repeat(np.arange(b), self.total)
        self.rank = (row + 1) * m - flat  # from 1
        self.ordinal = ends[row] - np.arange(len(flat))  # how many relevant ones down to it
        self.precision = self.ordinal / self.rank
        self.ties = self._mixed_ties()

    def _mixed_ties(self) -> MixedTies:
        keys, m = self.keys, self.keys.shape[1]
        row, border = np.nonzero((keys[:, 1:] ^ keys[:, :-1]) == 1)
        low, high = np.empty_like(row), np.empty_like(row)
        for r in np.unique(row):
            here = row == r
            value = keys[r, border[here] + 1]
            low[here] = np.searchsorted(keys[r], value - 1, "left")
            high[here] = np.searchsorted(keys[r], value, "right")
        before = self.ends[row] - np.searchsorted(self.flat, row * m + high)
        return MixedTies(row, m - high, before, high - low, high - border - 1)

    def average_precision(self, k: int, denominator: str, ties: str) -> np.ndarray:
        """AP@k (b,) float64 of every query."""
        if k >= self.keys.shape[1]:
            return self._average_precision_of_all(denominator, ties)
        relevant = self.relevant[:, : -k - 1 : -1]
        hits = relevant.cumsum(1)
        sums = (np.where(relevant, hits, 0) / np.arange(1, k + 1)).cumsum(1)
        result = divide(sums[:, -1], hits[:, -1], k, self.total, denominator)
        ties_at = self.ties
        touched = ties_at.above < k
        if not touched.any() or ties == "optimistic":
            return result
        t = MixedTies(*(getattr(ties_at, f)[touched] for f in MixedTies.__dataclass_fields__))
        whole = t.above + t.count <= k
        gain = np.bincount(t.row[whole], self._correction(t, ties)[whole], len(result))
        result = divide(sums[:, -1] + gain, hits[:, -1], k, self.total, denominator)
        cut = ~whole  # at most one per row
        row, above = t.row[cut], t.above[cut]
        base = np.where(above > 0, sums[row, above - 1], 0.0) + gain[row]
        result[row] = cut_group(
            above, t.before[cut], t.count[cut], t.relevant[cut], base, self.total[row], k,
            denominator, ties,
        )  # fmt: skip
        return result

    def _average_precision_of_all(self, denominator: str, ties: str) -> np.ndarray:
        sums = np.zeros(len(self.total))
        some = self.total > 0
        if some.any():
            sums[some] = np.add.reduceat(self.precision, self.starts[some])
        if ties != "optimistic" and len(self.ties.row):
            sums += np.bincount(self.ties.row, self._correction(self.ties, ties), len(sums))
        return divide(sums, self.total, self.keys.shape[1], self.total, denominator)

    @staticmethod
    def _correction(t: MixedTies, ties: str) -> np.ndarray:
        args = (t.above, t.before, t.count, t.relevant)
        return precision_sum(*args, ties) - precision_sum(*args, "optimistic")

    def precision_at_recall_levels(self) -> np.ndarray:
        """Interpolated precision (b, 11); see `fico_lib.metrics.precision_recall`."""
        result = np.zeros((len(self.total), 11))
        some = np.flatnonzero(self.total)
        if not len(some):
            return result
        precision = self._precision_at_thresholds()
        # The relevant candidates at or beyond each level end here (ascending order, exclusive).
        bounds = self.ends[some, None] - first_at_level(self.total[some]) + 1
        bounds = np.concatenate([self.starts[some, None], bounds[:, ::-1]], axis=1)
        lengths = np.diff(bounds, axis=1)
        starts = np.minimum(bounds[:, :-1], len(precision) - 1).ravel()
        best = np.maximum.reduceat(precision, starts).reshape(-1, 11)
        best[lengths == 0] = 0.0
        result[some] = np.maximum.accumulate(best, axis=1)[:, ::-1]
        return result

    def _precision_at_thresholds(self) -> np.ndarray:
        """Precision at each relevant candidate, whole mixed tie groups being one threshold."""
        t = self.ties
        if not len(t.row):
            return self.precision
        precision = self.precision.copy()
        last = self.ends[t.row] - t.before  # exclusive, ascending
        members = np.repeat(last - t.relevant, t.relevant)
        offsets = np.arange(len(members)) - np.repeat(t.relevant.cumsum() - t.relevant, t.relevant)
        value = (t.before + t.relevant) / (t.above + t.count)
        precision[members + offsets] = np.repeat(value, t.relevant)
        return precision
