"""What an evaluation returns: metrics with chance level, tie interval and per-query values."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from fico_lib.metrics.chance import corrected
from fico_lib.metrics.conventions import Conventions
from fico_lib.metrics.registry import metric
from fico_lib.metrics.resampling import Resampling

CUTS = (1, 5, 10)  # of R@sum
WHOLE = "mAP@N"  # its chance level stands for that of the category task


@dataclass
class DirectionResult:
    """One task in one direction. Metrics in percent, ranks from 1; None is "n/a".

    metrics: R@k, MedR, MeanR (instance), mAP@k (category) or those that were named, by
    `fico_lib.metrics.registry`'s names; chance: the same of a random ranking; tie_interval:
    pessimistic and optimistic value of each metric in percent; per_query: by `Metric.column` (R@k
    and rank, or AP@k) one value per query, NaN where it was skipped; clusters: (n_queries,) the
    image each query belongs to, to draw with in `fico_lib.metrics.resampling`; pr: 11 interpolated
    precisions (fractions) at recall 0.0 ... 1.0, category only; radius: precision and recall
    (fractions) within each Hamming radius from 0 to the bits, where a metric within one was asked
    for.
    """

    metrics: dict[str, float | None]
    chance: dict[str, float | None]
    tie_interval: dict[str, tuple | None]
    per_query: dict[str, np.ndarray]
    clusters: np.ndarray
    queries: int
    candidates: int
    empty_queries: int
    pr: np.ndarray | None = None
    radius: dict[str, np.ndarray] | None = None

    def __getitem__(self, metric: str) -> float | None:
        """The value of a metric, for example `result.instance["i2t"]["R@1"]`."""
        return self.metrics[metric]

    def is_drawn(self, name: str) -> bool:
        """Whether a metric has a value for each query that counts, so that these can be drawn."""
        values = self.per_query[metric(name).column]
        return self.metrics[name] is not None and np.isnan(values).sum() <= self.empty_queries

    @property
    def corrected(self) -> dict[str, float | None]:
        """Chance-corrected values in percent, (metric - chance) / (1 - chance)."""
        return {
            name: None
            if value is None or (level := self.chance[name]) is None
            else 100 * corrected(value / 100, level / 100)
            for name, value in self.metrics.items()
            if metric(name).unit == "%"
        }


@dataclass
class EvaluationResult:
    """Both tasks (None where not evaluated), by direction, and the conventions used.

    hubness: by direction, k, skewness of the k-occurrence, its chance level, and the share of the
    queries that have the most frequent candidate in their first k; where it was asked for.
    """

    instance: dict[str, DirectionResult] | None
    category: dict[str, DirectionResult] | None
    conventions: Conventions
    about: dict[str, str] = field(default_factory=dict)
    keep_per_query: bool = False
    hubness: dict[str, dict] | None = None

    def parts(self) -> Iterator[tuple[str, str, DirectionResult]]:
        """(task, direction, result) of all that was evaluated."""
        for task, by_direction in (("instance", self.instance), ("category", self.category)):
            for direction, part in (by_direction or {}).items():
                yield task, direction, part

    @property
    def r_at_sum(self) -> float | None:
        """R@1 + R@5 + R@10 of both directions (None where one of them was not asked for)."""
        if self.instance is None:
            return None
        values = [d.metrics.get(f"R@{k}") for d in self.instance.values() for k in CUTS]
        known = [value for value in values if value is not None]
        return float(sum(known)) if len(known) == len(values) else None

    @cached_property
    def intervals(self) -> dict[tuple[str, str | None], dict[str, tuple | None]]:
        """95 % intervals over images, by task and direction (None for both: R@sum), then metric.

        The percentile bootstrap of `fico_lib.metrics.resampling`, 1,000 draws of the images with
        all their captions, the same for all metrics; None where a metric is not available.
        """
        places = [(t, d, name, part) for t, d, part in self.parts() for name in part.metrics]
        known = [(t, d, name, part) for t, d, name, part in places if part.is_drawn(name)]
        images = np.unique(
            np.concatenate([part.clusters for *_, part in known] or [np.zeros(1, int)])
        )
        resampling, found = Resampling(len(images)), {}
        values = [
            (part.per_query[metric(name).column], np.searchsorted(images, part.clusters))
            for *_, name, part in known
        ]
        drawn = resampling.estimates(values) if values else []
        for (task, direction, name, _), own, mean in zip(known, values, drawn, strict=True):
            median = metric(name).over_queries is np.median
            found[task, direction, name] = resampling.median(*own) if median else mean
        nested: dict = {}
        for task, direction, name, _ in places:
            estimate = found.get((task, direction, name))
            nested.setdefault((task, direction), {})[name] = (
                None if estimate is None else estimate.interval()
            )
        if self.r_at_sum is not None:
            recalls = [found["instance", d, f"R@{k}"] for d in self.instance or () for k in CUTS]
            total = sum(recalls[1:], start=recalls[0])
            nested["instance", None] = {"R@sum": total.interval()}
        return nested

    def to_dict(self) -> dict:
        """JSON values: recalls, mAP and chance in percent; what is not available is None."""
        found: dict = {}
        for task, direction, part in self.parts():
            found.setdefault(task, {})[direction] = self._direction(task, direction, part)
        if self.instance is not None:
            found["instance"]["R@sum"] = self.r_at_sum
            if self.r_at_sum is not None:
                found["instance"]["R@sum_interval"] = self.intervals["instance", None]["R@sum"]
        if self.hubness is not None:
            found["hubness"] = self.hubness
        found["conventions"] = self.conventions.to_dict() | self.about
        return _plain(found)

    def _direction(self, task: str, direction: str, r: DirectionResult) -> dict:
        entry: dict = dict(r.metrics)
        if task == "category":
            entry |= {"chance": r.chance[WHOLE], "chance_at": r.chance, "pr": r.pr}
        else:
            entry["chance"] = r.chance
        if r.radius is not None:
            entry["radius"] = r.radius
        entry["interval"] = self.intervals.get((task, direction), {})
        entry["chance_corrected"] = r.corrected
        entry["tie_interval"] = r.tie_interval
        entry["queries"], entry["candidates"] = r.queries, r.candidates
        entry["empty_queries"] = r.empty_queries
        if self.keep_per_query:
            entry["per_query"] = r.per_query
        return entry


def _plain(value: Any) -> Any:
    """JSON values: lists for arrays and tuples, None for what is not a number."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(entry) for entry in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value
