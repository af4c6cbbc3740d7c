"""The instance task over a stream of score blocks."""

import numpy as np

from fico_lib.evaluation.counts import (
    best_positive,
    count_above,
    count_above_in_order,
    positive_scores,
)
from fico_lib.evaluation.per_query import RULES, skip_empty, tie_rule
from fico_lib.evaluation.relevance import Positives
from fico_lib.evaluation.result import DirectionResult
from fico_lib.metrics import Ties
from fico_lib.metrics.chance import chance
from fico_lib.metrics.conventions import Conventions


class InstanceCollector:
    """Tie groups of the positives: of the best one (`any`), or of each (`fraction`)."""

    def __init__(self, positives: Positives, rows: np.ndarray, candidates: int, how: Conventions):
        self.positives, self.rows, self.candidates, self.how = positives, rows, candidates, how
        self.relevant = positives.counts[rows]
        n = len(rows)
        self.above, self.count, self.tied = (np.zeros(n, np.int64) for _ in range(3))
        self.metrics = how.metrics("instance")
        self.each = {m: m.each for m in self.metrics if m.each and how.mode == "fraction"}
        self.shares = {(m, rule): np.zeros(n) for m in self.each for rule in RULES}

    def add(self, at: slice, scores: np.ndarray) -> None:
        """Take the scores (b, m) of the queries `rows[at]`."""
        positives = self.positives.padded(self.rows[at])
        best, tied = best_positive(scores, positives)
        if self.how.ties == "index":
            values = positive_scores(scores, positives)
            first = np.where(values == best[:, None], positives, self.candidates).min(1)
            self.above[at] = count_above_in_order(scores, best, first)
            self.count[at] = self.tied[at] = np.minimum(tied, 1)
        else:
            self.above[at], self.count[at] = count_above(scores, best)
            self.tied[at] = tied
        if self.shares:
            self._add_each(at, scores, positives)

    def _add_each(self, at: slice, scores: np.ndarray, positives: np.ndarray) -> None:
        values = positive_scores(scores, positives)
        number = np.maximum(self.relevant[at], 1)
        for slot in range(positives.shape[1]):
            there = positives[:, slot] >= 0
            if self.how.ties == "index":
                above = count_above_in_order(scores, values[:, slot], positives[:, slot])
                count = tied = np.ones_like(above)
            else:
                above, count = count_above(scores, values[:, slot])
                tied = (values == values[:, slot, None]).sum(1)
            for (m, rule), sums in self.shares.items():
                share = self.each[m](above, count, tied, *m.depth(self.candidates), rule)
                sums[at] += np.where(there, share / number, 0.0)

    def per_query(self, rule: Ties) -> dict[str, np.ndarray]:
        """The queries' values (n,) under a tie rule, by column."""
        values, group = {}, (self.above, self.count, self.tied)
        for m in {m.column: m for m in self.metrics}.values():  # ranks serve two metrics
            share = self.shares.get((m, rule))
            if share is None:
                share = m.value(*group, *m.depth(self.candidates), rule)
            values[m.column] = skip_empty(m.scale * share, self.relevant == 0, self.how)
        return values

    def result(self, clusters: np.ndarray, scored: np.ndarray | None) -> DirectionResult:
        """The metrics; `scored`: candidates scored per query, where not all were."""
        how, candidates, empty = self.how, self.candidates, self.relevant == 0
        values = self.per_query(tie_rule(how))
        bounds = [self.per_query(rule) for rule in ("pessimistic", "optimistic")]
        reach, outside = candidates, np.zeros(len(empty), bool)
        if scored is not None:
            reach, outside = scored.min(), (self.above >= scored) & (scored < candidates)
        metrics, by_chance, interval = {}, {}, {}
        for m in self.metrics:
            expected = chance(m, self.relevant, candidates, how.mode)
            by_chance[str(m)] = m.mean(skip_empty(expected, empty, how))
            if m.k is None:  # a positive that was not scored stands anywhere below
                withheld = bool(outside.any())
                metrics[str(m)] = m.mean(np.where(outside, np.inf, values[m.column]))
            else:
                withheld = m.depth(candidates) > (reach,)
                metrics[str(m)] = None if withheld else m.mean(values[m.column])
            if m.unit == "%":
                interval[str(m)] = None if withheld else tuple(m.mean(b[m.column]) for b in bounds)
        for column in {m.column for m in self.metrics if m.k is None}:
            values[column] = np.where(outside, np.nan, values[column])
        return DirectionResult(
            metrics, by_chance, interval, values, clusters, len(self.rows), candidates,
            int(empty.sum()),
        )  # fmt: skip
