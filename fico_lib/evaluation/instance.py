"""The instance task over a stream of score blocks."""

import numpy as np

from fico_lib.evaluation.counts import (
    best_positive,
    count_above,
    count_above_in_order,
    count_each,
    positive_scores,
)
from fico_lib.evaluation.folds import Folds
from fico_lib.evaluation.per_query import RULES, Queries
from fico_lib.evaluation.positive_groups import positive_groups
from fico_lib.evaluation.relevance import Positives
from fico_lib.evaluation.result import DirectionResult
from fico_lib.metrics.chance import chance
from fico_lib.metrics.conventions import Conventions

BEST = {"best", "fold"}  # what a metric reads that needs the best positive alone


class InstanceCollector:
    """Tie groups of the positives: of the best one, and of each where a metric needs the others."""

    def __init__(
        self, positives: Positives, rows: np.ndarray, candidates: int, how: Conventions,
        folds: Folds | None,
    ):  # fmt: skip
        self.positives, self.rows, self.candidates, self.how = positives, rows, candidates, how
        self.relevant = positives.counts[rows]
        n = len(rows)
        self.above, self.count, self.tied = (np.zeros(n, np.int64) for _ in range(3))
        self.metrics, self.folds = how.of("instance"), folds
        self.in_fold = tuple(np.zeros(n, np.int64) for _ in range(3))  # the same within the fold
        self.ranked = any(m.reads not in BEST for m in self.metrics)
        self.starts = np.concatenate([[0], self.relevant.cumsum()])  # of each query's positives
        each = self.starts[-1] if self.ranked else 0
        self.each_above, self.each_count = np.zeros(each, np.int64), np.zeros(each, np.int64)

    def add(self, at: slice, scores: np.ndarray) -> None:
        """Take the scores (b, m) of the queries `rows[at]`."""
        positives = self.positives.padded(self.rows[at])
        if not self.ranked:
            best = self._best(scores, positives)
        else:
            above, count = count_each(scores, positives, self.how.ties == "index")
            part = slice(self.starts[at.start], self.starts[at.stop])
            there = positives >= 0
            self.each_above[part], self.each_count[part] = above[there], count[there]
            best = _best_of(above, count, there, self.candidates)
        self.above[at], self.count[at], self.tied[at] = best
        if self.folds is not None:
            for queries, own, kept in self.folds.parts(self.rows[at], scores, positives):
                for held, found in zip(self.in_fold, self._best(own, kept), strict=True):
                    held[at.start + queries] = found

    def _best(self, scores, positives: np.ndarray) -> tuple:
        """above, count, relevant (b,) of the tie group of each query's best positive."""
        best, tied = best_positive(scores, positives)
        if self.how.ties != "index":
            return *count_above(scores, best), tied
        values = positive_scores(scores, positives)
        first = np.where(values == best[:, None], positives, scores.shape[1]).min(1)
        one = np.minimum(tied, 1)
        return count_above_in_order(scores, best, first), one, one

    def result(self, clusters: np.ndarray, scored: np.ndarray | None) -> DirectionResult:
        """The metrics; `scored`: candidates scored per query, where not all were."""
        best = self.above, self.count, self.tied
        values = {
            (m, rule): m.of_best(best if m.reads == "best" else self.in_fold, self.candidates, rule)
            for m in self.metrics if m.reads in BEST for rule in RULES
        }  # fmt: skip
        values |= self._of_rankings()
        by_chance = {
            m: chance(m, *self.folds.sizes(self.rows, self.positives))
            for m in self.metrics if m.reads == "fold" and self.folds is not None
        }  # fmt: skip
        queries = Queries(self.relevant, self.above, clusters, self.candidates, scored)
        return queries.means(self.metrics, lambda m, rule: values[m, rule], by_chance, self.how)

    def _of_rankings(self) -> dict:
        """Values (n,) of the metrics that read the ranking, by metric and tie rule."""
        metrics = [m for m in self.metrics if m.reads not in BEST]
        found = {(m, rule): np.zeros(len(self.rows)) for m in metrics for rule in RULES}
        if not metrics:
            return found
        for rows, ranking in positive_groups(
            self.starts, self.each_above, self.each_count, self.candidates
        ):
            for (m, rule), values in found.items():
                values[rows] = m.of_ranking(ranking, self.candidates, rule)
        return found


def _best_of(above: np.ndarray, count: np.ndarray, there: np.ndarray, candidates: int) -> tuple:
    """above, count, relevant (b,) of each query's best tie group, from those of all its positives.

    above, count, there: (b, p), of each positive, and whether there is one.
    """
    above = np.where(there, above, candidates)
    best = above.min(1)
    relevant = ((above == best[:, None]) & there).sum(1)
    return best, np.where(relevant, count[np.arange(len(best)), above.argmin(1)], 0), relevant
