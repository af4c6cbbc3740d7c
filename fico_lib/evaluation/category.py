"""The category task over a stream of score blocks."""

from threading import Lock

import numpy as np

from fico_lib.evaluation.histogram import agreement_groups
from fico_lib.evaluation.per_query import RULES, mean, skip_empty, tie_rule
from fico_lib.evaluation.relevance import Categories
from fico_lib.evaluation.result import DirectionResult
from fico_lib.evaluation.sort_keys import ordered_keys, ordered_keys_by_index
from fico_lib.metrics.average_precision import GroupedPrecision
from fico_lib.metrics.chance import average_precision_chance
from fico_lib.metrics.conventions import Conventions
from fico_lib.metrics.optimistic_sums import OptimisticSums
from fico_lib.metrics.precision_recall import precision_at_recall_levels

GROUPS = 1 << 17  # tie groups that are evaluated at once: what stays in a cache


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
        if backend.tensors:
            from fico_lib.metrics.ranked_tensors import ranked_sums
        else:
            from fico_lib.metrics.ranked import ranked_sums
        self.ranked_sums = ranked_sums
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
        sums, self.pr[at] = self.ranked_sums(sort(scores, relevance), [*set(self.depths.values())])
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
            rule: skip_empty({f"AP@{k}": 100 * v for k, v in by_k.items()}, empty, how)
            for rule, by_k in self.ap.items()
        }
        values = by_rule[tie_rule(how)]
        metrics = {f"m{name}": mean(value) for name, value in values.items()}
        chance = {
            f"AP@{k}": 100 * average_precision_chance(self.relevant, self.candidates, depth,
                                                      how.denominator)
            for k, depth in {**self.depths, "all": self.candidates}.items()
        }  # fmt: skip
        chance = skip_empty(chance, empty, how)
        bounds = [by_rule.get(rule, values) for rule in ("pessimistic", "optimistic")]
        interval = {f"m{n}": tuple(mean(b[n]) for b in bounds) for n in values}
        pr = np.where(empty[:, None] & (how.empty == "skip"), np.nan, self.pr)
        pr = None if np.isnan(pr).all() else np.nanmean(pr, axis=0)
        if scored is not None:
            for k, depth in self.depths.items():
                if depth > scored.min():
                    metrics[f"mAP@{k}"] = interval[f"mAP@{k}"] = None
            pr = pr if scored.min() == self.candidates else None
        return DirectionResult(
            metrics, {f"m{n}": mean(v) for n, v in chance.items()}, interval, values, clusters,
            len(self.rows), self.candidates, int(empty.sum()), pr,
        )  # fmt: skip
