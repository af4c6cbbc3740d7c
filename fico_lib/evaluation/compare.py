"""Models compared on the same queries: paired differences, intervals, p-values, ranks."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np

from fico_lib.encodings.checks import whole
from fico_lib.evaluation.result import EvaluationResult
from fico_lib.metrics import registry
from fico_lib.metrics.ranks import rank_intervals
from fico_lib.metrics.resampling import Estimate, Resampling
from fico_lib.metrics.significance import holm, sign_flip_p
from fico_lib.runtime.errors import InputError

MOST_SAMPLES = 10**6
Place = tuple[str, str, str]  # task, direction, metric


@dataclass(frozen=True)
class PerQuery:
    """One model's values of single queries.

    values: by task, direction and metric, (n,) float64, NaN where a query was skipped; queries,
    images: by task and direction, what names each query and its image, (n,).
    """

    model: str
    values: dict[Place, np.ndarray]
    queries: dict[tuple[str, str], np.ndarray]
    images: dict[tuple[str, str], np.ndarray]

    @classmethod
    def of(cls, result: EvaluationResult, model: str) -> "PerQuery":
        """Of a result; metrics that are no means over queries, or withheld, are left out."""
        values, queries, images = {}, {}, {}
        for task, direction, part in result.parts():
            queries[task, direction] = np.arange(part.queries)
            images[task, direction] = part.clusters
            for name in part.metrics:
                m = registry.metric(name)
                if m.over_queries is np.mean and part.is_drawn(name):
                    values[task, direction, name] = part.per_query[m.column]
        return cls(model, values, queries, images)


@dataclass(frozen=True)
class ModelRow:
    """One model by one metric: value, its 95 % interval, and the ranks that it may have."""

    model: str
    task: str
    direction: str
    metric: str
    value: float
    low: float
    high: float
    best_rank: int
    worst_rank: int
    tied_with_best: bool


@dataclass(frozen=True)
class Difference:
    """What one model has more than another by one metric, with its 95 % interval.

    p: of a difference at least as large between models that are alike; p_holm: corrected for all
    differences of the comparison.
    """

    model: str
    than: str
    task: str
    direction: str
    metric: str
    difference: float
    low: float
    high: float
    p: float
    p_holm: float


@dataclass(frozen=True)
class Comparison:
    """Every model by every metric that all of them have, and all pairs of models."""

    models: list[ModelRow]
    differences: list[Difference]

    def to_dict(self) -> dict:
        """Lists of rows as JSON values."""
        return {
            "models": [asdict(row) for row in self.models],
            "differences": [asdict(row) for row in self.differences],
        }


def compare(
    *results: EvaluationResult | PerQuery,
    names: Sequence[str] | None = None,
    samples: int = 1000,
    seed: int = 0,
) -> Comparison:
    """Compare two or more models that were evaluated on the same queries.

    Intervals draw images with all their captions (`fico_lib.metrics.resampling`), the same in all
    models; p-values flip the signs of whole images (`fico_lib.metrics.significance`). They speak of
    other images, not of other trainings of the models. names: of the models, by default what the
    results say, with a number where several say the same.

    Raises InputError where the queries differ, or no metric is common to all.
    """
    models = _models(results, names)
    if not whole(samples) or not 1 <= samples <= MOST_SAMPLES:
        raise InputError(f"samples: found {samples!r}; expected 1 to {MOST_SAMPLES} draws")
    if not whole(seed) or seed < 0:
        raise InputError(f"seed: found {seed!r}; expected a whole number of at least 0")
    places = [p for p in models[0].values if all(p in m.values for m in models)]
    if not places:
        raise InputError("compare: no metric is common to all models; expected the same of each")
    images, clusters = _clusters(models)
    resampling = Resampling(len(images), samples, seed)
    drawn = resampling.estimates(
        [(m.values[place], clusters[place[:2]]) for place in places for m in models]
    )
    estimates = {
        place: {m.model: drawn[i * len(models) + j] for j, m in enumerate(models)}
        for i, place in enumerate(places)
    }
    pairs = [(place, a, b) for place in places for a, b in combinations(models, 2)]
    gaps = np.stack(
        [_by_image(a.values[place] - b.values[place], clusters[place[:2]], len(images))
         for place, a, b in pairs], axis=1,
    )  # fmt: skip
    p = sign_flip_p(gaps, seed=seed)
    return Comparison(
        [row for place in places for row in _model_rows(place, estimates[place])],
        [
            _difference(place, a.model, b.model, estimates[place], float(one), float(corrected))
            for (place, a, b), one, corrected in zip(pairs, p, holm(p), strict=True)
        ],
    )


def _models(results: Sequence, names: Sequence[str] | None) -> list[PerQuery]:
    for result in results:
        if not isinstance(result, (EvaluationResult, PerQuery)):
            raise InputError(f"results: found {type(result).__name__}; expected EvaluationResult")
    if len(results) < 2:
        raise InputError(f"compare: found {len(results)} results; expected at least two")
    if names is None:
        said = [r.model if isinstance(r, PerQuery) else r.about.get("model", "") for r in results]
        names = [
            name if name and said.count(name) == 1 else f"{name or 'model'} {i}"
            for i, name in enumerate(said, 1)
        ]
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise InputError(f"names: found {names!r:.60}; expected a list of words")
    if len(names) != len(results) or len(set(names)) < len(names):
        raise InputError(
            f"compare: names {', '.join(names)} of {len(results)} results; expected one each, all "
            "different"
        )
    return [
        PerQuery(name, r.values, r.queries, r.images)
        if isinstance(r, PerQuery)
        else PerQuery.of(r, name)
        for name, r in zip(names, results, strict=True)
    ]


def _clusters(models: Sequence[PerQuery]) -> tuple[np.ndarray, dict]:
    """The images of all queries, and the row of each query's among them, by task and direction."""
    first = models[0]
    for m in models[1:]:
        for place in first.queries.keys() & m.queries.keys():
            for name in ("queries", "images"):
                mine, other = getattr(first, name)[place], getattr(m, name)[place]
                if not np.array_equal(mine, other):
                    raise InputError(
                        f"compare: the {name} of '{first.model}' and '{m.model}' differ "
                        f"({' '.join(place)}); expected evaluations of the same data, in one order"
                    )
    images, where, rows = np.unique(
        np.concatenate(list(first.images.values())), return_index=True, return_inverse=True
    )
    # In the order of the data, whatever they are called: names do not change what is drawn.
    order = np.argsort(np.argsort(where))[rows]
    ends = np.cumsum([len(own) for own in first.images.values()])[:-1]
    return images, dict(zip(first.images, np.split(order, ends), strict=True))


def _by_image(values: np.ndarray, clusters: np.ndarray, images: int) -> np.ndarray:
    kept = ~np.isnan(values)
    return np.bincount(clusters[kept], values[kept], images)


def _model_rows(place: Place, estimates: dict[str, Estimate]) -> list[ModelRow]:
    better = registry.metric(place[2]).higher_is_better
    ranks = rank_intervals(estimates, better)
    return [
        ModelRow(
            name, *place, estimate.value, *estimate.interval(), ranks[name].best,
            ranks[name].worst, ranks[name].best == 1,
        )
        for name, estimate in estimates.items()
    ]  # fmt: skip


def _difference(
    place: Place, a: str, b: str, estimates: dict[str, Estimate], p: float, p_holm: float
) -> Difference:
    gap, (task, direction, metric) = estimates[a] - estimates[b], place
    low, high = gap.interval()
    return Difference(a, b, task, direction, metric, gap.value, low, high, p, p_holm)
