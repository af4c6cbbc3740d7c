"""The two tasks over a stream of score blocks: each collects per query what its metrics need."""

from threading import Lock

import numpy as np

from fico_lib.evaluation.result import DirectionResult
from fico_lib.metrics.average_precision import GroupedPrecision
from fico_lib.metrics.chance import average_precision_chance, rank_chance, recall_chance
from fico_lib.metrics.conventions import Conventions
from fico_lib.metrics.optimistic_sums import OptimisticSums
from fico_lib.metrics.precision_recall import precision_at_recall_levels
from fico_lib.metrics.ranked import RankedBlock, TorchRankedBlock
from fico_lib.metrics.recall import first_rank, hit_at_k, recalled_at_k
from fico_lib.ranking.counts import (
    best_positive,
    count_above,
    count_above_in_order,
    positive_scores,
)
from fico_lib.ranking.histogram import agreement_groups
from fico_lib.ranking.keys import ordered_keys, ordered_keys_by_index
from fico_lib.tasks import Categories, Positives

RULES = ("expected", "pessimistic", "optimistic")
GROUPS = 1 << 17  # tie groups that are evaluated at once: what stays in a cache


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
        values = _skip_empty(self.per_query(_rule(how)), empty, how)
        metrics = {name: _mean(value) for name, value in values.items() if name != "rank"}
        metrics |= _rank_metrics(values["rank"])
        chance = {
            f"R@{k}": recall_chance(self.relevant, self.candidates, min(k, self.candidates),
                                    how.mode) * 100
            for k in how.recall_at
        } | {"rank": rank_chance(self.relevant, self.candidates)}  # fmt: skip
        chance = _skip_empty(chance, empty, how)
        by_chance = {name: _mean(value) for name, value in chance.items() if name != "rank"}
        by_chance |= _rank_metrics(chance["rank"])
        bounds = [self.per_query(rule) for rule in (("pessimistic", "optimistic"))]
        bounds = [_skip_empty(b, empty, how) for b in bounds]
        interval = {n: tuple(_mean(b[n]) for b in bounds) for n in metrics if "@" in n}
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


class CategoryCollector:
    """Average precision and the precision-recall curve of each query."""

    def __init__(
        self, relevance, direction: str, rows: np.ndarray, candidates: int, how: Conventions,
        backend, highest: int | None,
    ):  # fmt: skip
        """highest: of the agreeing bits where codes are compared, None for other scores."""
        self.relevance, self.direction, self.rows = relevance, direction, rows
        self.candidates, self.how = candidates, how
        self.backend, self.highest = backend, highest
        n = len(rows)
        self.depths = {k: candidates if k == "all" else min(k, candidates) for k in how.map_at}
        rules = ("expected",) if how.ties == "index" else RULES
        self.ap = {rule: {k: np.zeros(n) for k in how.map_at} for rule in rules}
        self.pr = np.zeros((n, 11))
        self.relevant = np.zeros(n, np.int64)
        self.waiting, self.size, self.lock = [], 0, Lock()  # (rows, their ties), not yet settled

    def _relevance(self, rows: np.ndarray):
        tensors = self.backend.tensors
        if isinstance(self.relevance, Categories):
            if tensors:
                return self.relevance.tensor_block(self.direction, rows, self.backend)
            return self.relevance.block(self.direction, rows)
        return self.backend.put(self.relevance[self.direction].block(rows, self.candidates))

    def add(self, at: slice, scores) -> None:
        """Take the scores (b, m) of the queries `rows[at]`; they are overwritten."""
        rows = self.rows[at]
        relevance = self._relevance(rows)
        if self.highest is not None and self.how.ties != "index":
            groups = agreement_groups(scores, relevance, self.highest)
            self._gather(at, groups, groups[0].size)
            return
        if self.highest is not None:
            scores = scores.float() if self.backend.tensors else scores.astype(np.float32)
        sort = ordered_keys_by_index if self.how.ties == "index" else ordered_keys
        ranked = (TorchRankedBlock if self.backend.tensors else RankedBlock)(
            sort(scores, relevance)
        )
        self.pr[at] = ranked.precision_at_recall_levels()
        self.relevant[at] = ranked.total
        sums = OptimisticSums.of(ranked, self.depths.values())
        self._gather(at, sums, len(ranked.total) + len(ranked.ties.row))

    def _gather(self, at: slice, found: OptimisticSums | tuple, size: int) -> None:
        """Keep ties until there are enough of them to make their arithmetic worth a call."""
        with self.lock:
            self.waiting.append((np.arange(at.start, at.stop), found))
            self.size += size
            if self.size < GROUPS:
                return
            waiting, self.waiting, self.size = self.waiting, [], 0
        self._settle(waiting)

    def _settle(self, waiting: list[tuple]) -> None:
        """The metrics of queries: of codes from all tie groups, else from the mixed ones."""
        if not waiting:
            return
        at, found = np.concatenate([rows for rows, _ in waiting]), [ties for _, ties in waiting]
        if isinstance(found[0], OptimisticSums):
            precision = OptimisticSums.joined(found)
        else:
            count, relevant = (np.concatenate(parts) for parts in zip(*found, strict=True))
            self.pr[at] = precision_at_recall_levels(count, relevant)
            self.relevant[at] = relevant.sum(1)
            precision = GroupedPrecision(count, relevant)
        for rule, by_k in self.ap.items():
            for k, values in by_k.items():
                values[at] = precision.at(self.depths[k], self.how.denominator, rule)

    def result(self, clusters: np.ndarray, scored: np.ndarray | None) -> DirectionResult:
        """The metrics; `scored`: candidates scored per query, where not all were."""
        self._settle(self.waiting)
        how, empty = self.how, self.relevant == 0
        by_rule = {
            rule: _skip_empty({f"AP@{k}": 100 * v for k, v in by_k.items()}, empty, how)
            for rule, by_k in self.ap.items()
        }
        values = by_rule[_rule(how)]
        metrics = {f"m{name}": _mean(value) for name, value in values.items()}
        chance = {
            f"AP@{k}": 100 * average_precision_chance(self.relevant, self.candidates, depth,
                                                      how.denominator)
            for k, depth in {**self.depths, "all": self.candidates}.items()
        }  # fmt: skip
        chance = _skip_empty(chance, empty, how)
        bounds = [by_rule.get(rule, values) for rule in ("pessimistic", "optimistic")]
        interval = {f"m{n}": tuple(_mean(b[n]) for b in bounds) for n in values}
        pr = np.where(empty[:, None] & (how.empty == "skip"), np.nan, self.pr)
        pr = None if np.isnan(pr).all() else np.nanmean(pr, axis=0)
        if scored is not None:
            for k, depth in self.depths.items():
                if depth > scored.min():
                    metrics[f"mAP@{k}"] = interval[f"mAP@{k}"] = None
            pr = pr if scored.min() == self.candidates else None
        return DirectionResult(
            metrics, {f"m{n}": _mean(v) for n, v in chance.items()}, interval, values, clusters,
            len(self.rows), self.candidates, int(empty.sum()), pr,
        )  # fmt: skip


def _rule(how: Conventions) -> str:
    return "expected" if how.ties == "index" else how.ties  # index: groups of one, no tie left


def _skip_empty(values: dict[str, np.ndarray], empty: np.ndarray, how: Conventions) -> dict:
    if how.empty != "skip" or not empty.any():
        return values
    return {name: np.where(empty, np.nan, value) for name, value in values.items()}


def _mean(values: np.ndarray) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None
