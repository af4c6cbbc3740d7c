"""The evaluated runs of several models: per-query values in, estimates with intervals out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import TypeVar

import numpy as np

from fico_lib.evaluation import EvaluationResult
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.metrics import registry
from fico_lib.metrics.resampling import Estimate, Resampling
from fico_lib.models import MODELS, PRETRAINED, model_card, weights_of
from fico_lib.report.reference_rows import NAMES
from fico_lib.runtime.errors import InputError

Result = TypeVar("Result")


def by_model(results: Iterable[tuple[str, Result]]) -> dict[str, list[Result]]:
    """Results, or encodings, of each model in the order given."""
    grouped: dict[str, list[Result]] = {}
    for model, result in results:
        grouped.setdefault(model, []).append(result)
    return grouped


class Runs:
    """Results by model (or control), one for each seed, all of the same queries.

    Every estimate comes from the same draws of images, and all estimates from one trained model
    share its trainings, so differences between models, directions and metrics are paired. A metric
    is named as in its registry: R@1, mAP@10, mAP@N.
    """

    def __init__(
        self,
        results: dict[str, list[EvaluationResult]],
        n_images: int,
        samples: int,
        *,
        trained_as: Mapping[str, str] = {},
        number: int = 0,
    ) -> None:
        """The results of a data set.

        trained_as: names of results -> the name of the results whose weights they share; models
        that share weights by `fico_lib.models.weights_of` need no entry. number: of the data set
        where there are several, whose images are drawn, and whose models are trained, apart.
        """
        self.results, self.n_images, self._trained_as = results, n_images, trained_as
        self._resampling, self._number = Resampling(n_images, samples, seed=number), number
        self._known: dict[tuple, Estimate | None] = {}

    def models(self, family: str | None = None) -> list[str]:
        """The registered models in the order given, or those of a family.

        family: "FG" (fine-grained), "CG" (coarse-grained), or "VLP": the fine-grained ones that
        pre-train.
        """
        known = [name for name in self.results if name in MODELS]
        if family == "VLP":
            return [name for name in known if name in PRETRAINED]
        return [name for name in known if family in (None, model_card(name).granularity)]

    def has(self, *models: str) -> bool:
        """Whether all of these were run."""
        return all(model in self.results for model in models)

    def values(self, model: str, direction: str, metric: str) -> list[np.ndarray] | None:
        """Values per query (n,), for each seed; None where a partial ranking has no value."""
        known = registry.metric(metric)
        if known.over_queries is not np.mean:
            raise InputError(f"{metric}: not a mean over queries; expected one, which can be drawn")
        seeds = [getattr(result, known.task)[direction] for result in self.results[model]]
        if any(seed.metrics.get(metric) is None for seed in seeds):
            return None
        return [seed.per_query[known.column] for seed in seeds]

    def estimate(self, model: str, direction: str, metric: str) -> Estimate | None:
        """The mean over queries and seeds; None where a partial ranking has none."""
        key = (model, direction, metric)
        if key not in self._known:
            values = self.values(*key)
            first = self.results[model][0]
            clusters = getattr(first, registry.metric(metric).task)[direction].clusters
            self._known[key] = None if values is None else self._drawn(model, values, clusters)
        return self._known[key]

    def _drawn(self, model: str, values: list[np.ndarray], clusters: np.ndarray) -> Estimate:
        trained = self._trained_as.get(model, model)
        trained = (weights_of(trained) if trained in MODELS else None) or trained
        found = self._resampling.estimate(values, clusters, f"{trained} on {self._number}")
        return replace(found, trainings=None) if model in NAMES else found

    def chance(self, model: str, direction: str, metric: str) -> float:
        """The metric of a random ranking of the same queries and candidates."""
        task = getattr(self.results[model][0], registry.metric(metric).task)
        return task[direction].chance[metric]

    def gap(self, a: str, b: str, direction: str, metric: str) -> Estimate | None:
        """The paired difference a - b; None where one of them has no value."""
        first, second = (self.estimate(model, direction, metric) for model in (a, b))
        return None if first is None or second is None else first - second

    def recall_sum(self, model: str, cuts: Sequence[int] = (1, 5, 10)) -> Estimate:
        """R@1 + R@5 + R@10 of both directions, up to 600."""
        parts = [self._required(model, d, f"R@{k}") for d in DIRECTIONS for k in cuts]
        return sum(parts[1:], start=parts[0])

    def _required(self, model: str, direction: str, metric: str) -> Estimate:
        estimate = self.estimate(model, direction, metric)
        if estimate is None:
            raise InputError(f"{model}, {direction}: its ranking is partial, {metric} has no value")
        return estimate

    def recall_gaps(self, cuts: Sequence[int]) -> Iterator[dict]:
        """R@k of each fine-grained model minus that of each code, over the same draws: rows.

        clear: the interval excludes 0 at a level that is corrected for the number of gaps at this k
        (Bonferroni).
        """
        places = list(product(self.models("FG"), self.models("CG"), DIRECTIONS))
        for fine, coarse, direction in places:
            for k in cuts:
                gap = self.gap(fine, coarse, direction, f"R@{k}")
                if gap is not None:
                    low, high = gap.interval(1 - 0.05 / len(places))
                    row = {"model": fine, "than": coarse, "direction": direction, "k": k}
                    yield row | gap.columns("gap_percent") | {"clear": low > 0 or high < 0}

    def recalls(self, cuts: Sequence[int]) -> Iterator[dict]:
        """R@k of every model over queries and seeds, with interval and chance level: rows."""
        for model, direction, k in product(self.results, DIRECTIONS, cuts):
            estimate = self.estimate(model, direction, f"R@{k}")
            if estimate is None:
                continue
            first = (self.results[model][0].instance or {})[direction]
            yield {
                **{"model": model, "direction": direction, "k": k},
                **estimate.columns("percent"),
                **{"chance_percent": first.chance[f"R@{k}"], "queries": first.queries},
            }
