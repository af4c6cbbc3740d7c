"""The category task over a stream of score blocks."""

from collections.abc import Callable
from threading import Lock

import numpy as np

from fico_lib.evaluation.histogram import agreement_groups
from fico_lib.evaluation.per_query import RULES, Queries, skip_empty, tie_rule
from fico_lib.evaluation.relevance import Categories, Positives
from fico_lib.evaluation.result import WHOLE, DirectionResult
from fico_lib.evaluation.sort_keys import ordered_keys, ordered_keys_by_index
from fico_lib.evaluation.within_radius import RadiusCollector
from fico_lib.metrics import Ties
from fico_lib.metrics.chance import chance
from fico_lib.metrics.conventions import Conventions
from fico_lib.metrics.optimistic_sums import Depths, OptimisticSums
from fico_lib.metrics.precision_recall import precision_at_recall_levels
from fico_lib.metrics.registry import Metric, metric
from fico_lib.metrics.tie_groups import AT_R, Ranking, TieGroups
from fico_lib.runtime.errors import InputError

GROUPS = 1 << 17  # tie groups that are evaluated at once: what stays in a cache


class CategoryCollector:
    """The metrics and the precision-recall curve of each query."""

    def __init__(
        self, relevance, direction: str, rows: np.ndarray, candidates: int, how: Conventions,
        backend, highest: int | None, own: Positives | None, bits: int | None,
    ):  # fmt: skip
        """highest: of the agreeing bits where codes are compared, None for other scores.

        bits: of these codes, without the padding that always agrees.

        own: the captions, or image, of each query, which come last and count as irrelevant; None
        where they count as any other.
        """
        self.relevance, self.direction, self.rows = relevance, direction, rows
        self.candidates, self.how = candidates, how
        self.backend, self.highest, self.own = backend, highest, own
        if backend.tensors:
            from fico_lib.metrics.ranked_tensors import ranked_sums as sums_of_tensors

            self.ranked_sums: Callable = sums_of_tensors
        else:
            from fico_lib.metrics.ranked import ranked_sums

            self.ranked_sums = ranked_sums
        n = len(rows)
        every = how.of("category")
        self.metrics = [m for m in every if m.reads != "radius"]
        self.lookups = _lookups([m for m in every if m.reads == "radius"], n, bits, own, how)
        self.depths = _depths(self.metrics, candidates)
        rules = ("expected",) if how.ties == "index" else RULES
        self.values = {rule: {m: np.zeros(n) for m in self.metrics} for rule in rules}
        self.above = np.zeros(n, np.int64)
        self.pr = np.zeros((n, 11))
        self.relevant = np.zeros(n, np.int64)
        self.waiting: list[tuple] = []  # (rows, their ties), not yet settled
        self.size, self.lock = 0, Lock()

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
        if self.highest is not None and self.own is None:
            groups = agreement_groups(scores, relevance, self.highest)
            if self.lookups is not None:
                self.lookups.add(at, *groups)
            if self.how.ties != "index":
                self._gather(at, groups, groups[0].size)
                return
        if self.highest is not None:
            scores = scores.float() if self.backend.tensors else scores.astype(np.float32)
        if self.own is not None:
            query, candidate = self.own.pairs(rows)
            scores[query, candidate] = _below(scores)[query]
            relevance[query, candidate] = False
        sort = ordered_keys_by_index if self.how.ties == "index" else ordered_keys
        sums, self.pr[at] = self.ranked_sums(sort(scores, relevance), self.depths)
        self.relevant[at] = sums.total
        self._gather(at, sums, len(sums.total) + len(sums.ties.row))

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
            ranking: Ranking = OptimisticSums.joined(found)
        else:
            count, relevant = (np.concatenate(parts) for parts in zip(*found, strict=True))
            self.pr[at] = precision_at_recall_levels(count, relevant)
            self.relevant[at] = relevant.sum(1)
            ranking = TieGroups(count, relevant)
        self.above[at] = ranking.best()[0]
        for rule, by_metric in self.values.items():
            for m, values in by_metric.items():
                values[at] = m.of_ranking(ranking, self.candidates, rule)

    def result(self, clusters: np.ndarray, scored: np.ndarray | None) -> DirectionResult:
        """The metrics; `scored`: candidates scored per query, where not all were."""
        self._settle(self.waiting)
        how, total, lookups = self.how, self.relevant, self.lookups
        metrics, by_chance = list(self.metrics), {}

        def values(m: Metric, rule: Ties) -> np.ndarray:
            if lookups is not None and m.reads == "radius":
                return lookups.values(m, total)
            return self.values.get(rule, self.values[tie_rule(how)])[m]

        if lookups is not None:
            metrics += lookups.metrics
            by_chance = {m: lookups.chance(m, total, self.candidates) for m in lookups.metrics}
        curves = self.pr[total > 0] if how.empty == "skip" else self.pr
        pr = curves.mean(0) if len(curves) else None
        if scored is not None and scored.min() < self.candidates:
            pr = None
        queries = Queries(total, self.above, clusters, self.candidates, scored)
        found = queries.means(metrics, values, by_chance, how, pr)
        level = chance(metric(WHOLE), total, self.candidates, denominator=how.denominator)
        found.chance[WHOLE] = metric(WHOLE).mean(skip_empty(level, total == 0, how))
        if lookups is not None:
            found.radius = lookups.curves()
        return found


def _lookups(
    metrics: list[Metric], queries: int, bits: int | None, own: Positives | None, how: Conventions
) -> RadiusCollector | None:
    """What collects the metrics within a Hamming radius, where there are any."""
    if not metrics:
        return None
    if bits is None or own is not None:
        found = "scores that are no Hamming distances" if bits is None else "without_own"
        raise InputError(
            f"{metrics[0]}: found {found}; expected codes, as they are, and all candidates"
        )
    return RadiusCollector(metrics, queries, bits, how.empty == "skip")


def _depths(metrics: list[Metric], candidates: int) -> Depths:
    """What is summed up of each ranking."""
    found: dict[str, set[int]] = {"ranking": set(), "relevant": set(), "gain": set()}
    for m in metrics:
        if m.reads in found:
            found[m.reads] |= {AT_R} if m.depths == "R" else {*m.depth(candidates)}
    return Depths(*(tuple(sorted(depths)) for depths in found.values()))


def _below(scores):
    """The next number below the lowest of each row, (b,); numpy or torch, as the scores (b, m)."""
    if isinstance(scores, np.ndarray):
        return np.nextafter(scores.min(1), -np.inf)
    import torch

    lowest = scores.min(1).values
    return torch.nextafter(lowest, torch.full_like(lowest, -torch.inf))
