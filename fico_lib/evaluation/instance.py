"""The instance task over a stream of score blocks."""

import numpy as np

from fico_lib.evaluation.counts import (
    best_positive,
    count_above,
    count_above_in_order,
    positive_scores,
)
from fico_lib.evaluation.per_query import RULES, mean, skip_empty, tie_rule
from fico_lib.evaluation.relevance import Positives
from fico_lib.evaluation.result import DirectionResult
from fico_lib.metrics.chance import rank_chance, recall_chance
from fico_lib.metrics.conventions import Conventions
from fico_lib.metrics.recall import first_rank, hit_at_k, recalled_at_k


class InstanceCollector:
    """Tie groups of the positives: of the best one (`any`), or of each (`fraction`)."""

    def __init__(self, positives: Positives, rows: np.ndarray, candidates: int, how: Conventions):
        self.positives, self.rows, self.candidates, self.how = positives, rows, candidates, how
        self.relevant = positives.counts[rows]
        n = len(rows)
        self.above, self.count, self.tied = (np.zeros(n, np.int64) for _ in range(3))
        self.recalled = {
            rule: {k: np.zeros(n) for k in how.recall_at} for rule in RULES
        } if how.mode == "fraction" else None  # fmt: skip

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
        if self.recalled is not None:
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
            for rule, by_k in self.recalled.items():
                for k, sums in by_k.items():
                    share = recalled_at_k(above, count, tied, min(k, self.candidates), rule)
                    sums[at] += np.where(there, share / number, 0.0)

    def per_query(self, rule: str) -> dict[str, np.ndarray]:
        """R@k in percent and the rank of the first positive under a tie rule."""
        group = (self.above, self.count, self.tied)
        found = {}
        for k in self.how.recall_at:
            k_ = min(k, self.candidates)
            share = self.recalled[rule][k] if self.recalled else hit_at_k(*group, k_, rule)
            found[f"R@{k}"] = 100 * share
        found["rank"] = first_rank(*group, rule)
        return found

    def result(self, clusters: np.ndarray, scored: np.ndarray | None) -> DirectionResult:
        """The metrics; `scored`: candidates scored per query, where not all were."""
        how, empty = self.how, self.relevant == 0
        values = skip_empty(self.per_query(tie_rule(how)), empty, how)
        metrics = {name: mean(value) for name, value in values.items() if name != "rank"}
        metrics |= _rank_metrics(values["rank"])
        chance = {
            f"R@{k}": recall_chance(self.relevant, self.candidates, min(k, self.candidates),
                                    how.mode) * 100
            for k in how.recall_at
        } | {"rank": rank_chance(self.relevant, self.candidates)}  # fmt: skip
        chance = skip_empty(chance, empty, how)
        by_chance = {name: mean(value) for name, value in chance.items() if name != "rank"}
        by_chance |= _rank_metrics(chance["rank"])
        bounds = [self.per_query(rule) for rule in (("pessimistic", "optimistic"))]
        bounds = [skip_empty(b, empty, how) for b in bounds]
        interval = {n: tuple(mean(b[n]) for b in bounds) for n in metrics if "@" in n}
        if scored is not None:
            _withhold(metrics, interval, values["rank"], self.above, scored, self.candidates)
        return DirectionResult(metrics, by_chance, interval, values, clusters, len(self.rows),
                               self.candidates, int(empty.sum()))  # fmt: skip


def _rank_metrics(ranks: np.ndarray) -> dict[str, float]:
    known = ranks[~np.isnan(ranks)]
    if not len(known):
        return {"MedR": None, "MeanR": None}
    return {"MedR": float(np.median(known)), "MeanR": float(known.mean())}


def _withhold(metrics, interval, ranks, above, scored, candidates) -> None:
    """Metrics that reach into what was never scored become None."""
    for name in list(interval):
        if min(int(name[2:]), candidates) > scored.min():
            metrics[name] = interval[name] = None
    outside = (above >= scored) & (scored < candidates)
    if outside.any():
        metrics["MeanR"] = None
        ranks[outside] = np.nan
        median = np.median(np.where(np.isnan(ranks), np.inf, ranks))
        metrics["MedR"] = float(median) if np.isfinite(median) else None
