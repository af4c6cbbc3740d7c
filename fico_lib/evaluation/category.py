"""The category task over a stream of score blocks."""

from collections.abc import Callable
from threading import Lock

import numpy as np

from fico_lib.evaluation.histogram import agreement_groups
from fico_lib.evaluation.per_query import RULES, skip_empty, tie_rule
from fico_lib.evaluation.relevance import Categories, Positives
from fico_lib.evaluation.result import WHOLE, DirectionResult
from fico_lib.evaluation.sort_keys import ordered_keys, ordered_keys_by_index
from fico_lib.metrics.average_precision import GroupedPrecision
from fico_lib.metrics.chance import chance
from fico_lib.metrics.conventions import Conventions
from fico_lib.metrics.optimistic_sums import OptimisticSums
from fico_lib.metrics.precision_recall import precision_at_recall_levels
from fico_lib.metrics.registry import metric

GROUPS = 1 << 17  # tie groups that are evaluated at once: what stays in a cache


class CategoryCollector:
    """Average precision and the precision-recall curve of each query."""

    def __init__(
        self, relevance, direction: str, rows: np.ndarray, candidates: int, how: Conventions,
        backend, highest: int | None, own: Positives | None,
    ):  # fmt: skip
        """highest: of the agreeing bits where codes are compared, None for other scores.

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
        self.metrics = how.metrics("category")
        self.depths = {depth for m in self.metrics for depth in m.depth(candidates)}
        rules = ("expected",) if how.ties == "index" else RULES
        self.values = {rule: {m: np.zeros(n) for m in self.metrics} for rule in rules}
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
        if self.highest is not None and self.own is None and self.how.ties != "index":
            groups = agreement_groups(scores, relevance, self.highest)
            self._gather(at, groups, groups[0].size)
            return
        if self.highest is not None:
            scores = scores.float() if self.backend.tensors else scores.astype(np.float32)
        if self.own is not None:
            query, candidate = self.own.pairs(rows)
            scores[query, candidate] = _below(scores)[query]
            relevance[query, candidate] = False
        sort = ordered_keys_by_index if self.how.ties == "index" else ordered_keys
        sums, self.pr[at] = self.ranked_sums(sort(scores, relevance), [*self.depths])
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
            ranking: OptimisticSums | GroupedPrecision = OptimisticSums.joined(found)
        else:
            count, relevant = (np.concatenate(parts) for parts in zip(*found, strict=True))
            self.pr[at] = precision_at_recall_levels(count, relevant)
            self.relevant[at] = relevant.sum(1)
            ranking = GroupedPrecision(count, relevant)
        for rule, by_metric in self.values.items():
            for m, values in by_metric.items():
                depth = m.depth(self.candidates)
                values[at] = m.scale * m.value(ranking, *depth, self.how.denominator, rule)

    def result(self, clusters: np.ndarray, scored: np.ndarray | None) -> DirectionResult:
        """The metrics; `scored`: candidates scored per query, where not all were."""
        self._settle(self.waiting)
        how, candidates, empty = self.how, self.candidates, self.relevant == 0
        by_rule = {
            rule: {m.column: skip_empty(v, empty, how) for m, v in by_metric.items()}
            for rule, by_metric in self.values.items()
        }
        values = by_rule[tie_rule(how)]
        bounds = [by_rule.get(rule, values) for rule in ("pessimistic", "optimistic")]
        metrics = {str(m): m.mean(values[m.column]) for m in self.metrics}
        interval: dict[str, tuple | None] = {
            str(m): tuple(m.mean(b[m.column]) for b in bounds) for m in self.metrics
        }
        by_chance = {}
        for m in (*self.metrics, metric(WHOLE)):
            expected = chance(m, self.relevant, candidates, denominator=how.denominator)
            by_chance[str(m)] = m.mean(skip_empty(expected, empty, how))
        curves = self.pr[~empty] if how.empty == "skip" else self.pr
        pr = curves.mean(0) if len(curves) else None
        if scored is not None:
            for m in self.metrics:
                if m.depth(candidates) > (scored.min(),):
                    metrics[str(m)] = interval[str(m)] = None
            pr = pr if scored.min() == candidates else None
        return DirectionResult(
            metrics, by_chance, interval, values, clusters, len(self.rows), candidates,
            int(empty.sum()), pr,
        )  # fmt: skip


def _below(scores):
    """The next number below the lowest of each row, (b,); numpy or torch, as the scores (b, m)."""
    if isinstance(scores, np.ndarray):
        return np.nextafter(scores.min(1), -np.inf)
    import torch

    lowest = scores.min(1).values
    return torch.nextafter(lowest, torch.full_like(lowest, -torch.inf))
