"""Rows of the chapter on galleries that grow: quality at each size, what is kept, law, copies."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from fico_lib.chapters.growing_gallery.growth import Growth
from fico_lib.chapters.growing_gallery.parameters import FITTED, GrowingGalleryChapter
from fico_lib.evaluation.growing.counts import ALL, GROUPS, Counts
from fico_lib.evaluation.growing.twins import KINDS
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.metrics import gallery_law
from fico_lib.metrics.chance import chance
from fico_lib.metrics.registry import metric as known_metric
from fico_lib.metrics.resampling import Estimate, Resampling
from fico_lib.models import MODELS, weights_of

FIRST, TEN = "R@1", "R@10"
METRICS = (FIRST, TEN, "MRR@10")
MEDIAN = "MedR"
DISTINCT, ALL_RIGHT, ONE_RIGHT = "distinct", "all copies right", "one copy right"


class Estimates:
    """Estimates of every ranker at every size, all from the same draws of images.

    A group is left out of the candidates: the twins of `GROUPS`, or none under `ALL`.
    """

    def __init__(self, growth: Growth, parameters: GrowingGalleryChapter):
        self.growth, self.ties = growth, parameters.ties
        of = growth.image_of_caption
        n_images = int(of.max()) + 1
        self.clusters = {"t2i": of, "i2t": np.arange(n_images)}
        self.own = {"t2i": 1.0, "i2t": len(of) / n_images}  # right answers of a query, mean
        self.resampling = Resampling(n_images, parameters.resamples)
        self.places: dict[str, list[int]] = {}
        for number, one in enumerate(growth.rankers):
            self.places.setdefault(one.name, []).append(number)
        self._known: dict[tuple, Estimate] = {}

    def candidates(self, direction: str, size: int) -> int:
        """How many candidates a query has in the gallery of that size."""
        counts = self.growth.at[size]
        return counts.images if direction == "t2i" else counts.captions

    def wrong(self, direction: str, size: int) -> float:
        """How many of them are wrong, on average over the queries."""
        return self.candidates(direction, size) - self.own[direction]

    def groups(self, number: int, direction: str, size: int, without: str = ALL) -> tuple:
        """The tie group (above, count, relevant) (n_queries,) of each query's best answer."""
        counts = self.growth.at[size]
        above, equal = (
            part[direction][number].astype(np.int64) for part in (counts.above, counts.equal)
        )
        relevant = self.growth.relevant[direction][number]
        place = GROUPS.index(without)
        taken = (above[place], equal[place]) if place else (0, 0)
        return above[0] - taken[0], equal[0] - taken[1] + relevant, relevant

    def values(self, number: int, direction: str, size: int, without: str, metric: str):
        """One value per query (n_queries,), of one training."""
        groups = self.groups(number, direction, size, without)
        candidates = self.candidates(direction, size)
        return known_metric(metric).of_best(groups, candidates, self.ties)

    def drawn(self, name: str, direction: str, runs: list[np.ndarray]) -> Estimate:
        """The mean over queries and trainings of a ranker."""
        model = self.growth.rankers[self.places[name][0]].model
        trained = (weights_of(model) if model in MODELS else None) or model
        return self.resampling.estimate(runs, self.clusters[direction], trained)

    def estimate(
        self, name: str, direction: str, size: int, metric: str, without: str = ALL
    ) -> Estimate:
        """A metric at a size, the mean over queries and trainings."""
        key = (name, direction, size, metric, without)
        if key not in self._known:
            places = self.places[name]
            runs = [self.values(n, direction, size, without, metric) for n in places]
            self._known[key] = self.drawn(name, direction, runs)
        return self._known[key]

    def left(self, name: str, direction: str, size: int) -> Estimate | None:
        """The percentage of R@1 in the smallest gallery that is left; None where it was 0."""
        first = self.estimate(name, direction, min(self.growth.at), FIRST)
        if first.value == 0:
            return None
        return self.estimate(name, direction, size, FIRST).percent_of(first)

    def median(self, name: str, direction: str, size: int) -> float:
        """The median over queries of the rank of the best answer, the mean over trainings."""
        runs = [self.values(n, direction, size, ALL, MEDIAN) for n in self.places[name]]
        return float(np.mean([np.median(run) for run in runs]))

    @cache  # noqa: B019 - as long as these estimates are there
    def chance(self, direction: str, size: int, metric: str) -> float:
        """What a random ranking reaches, in the metric's unit."""
        answers = np.bincount(self.growth.image_of_caption)
        relevant = answers if direction == "i2t" else np.ones(answers.sum(), np.int64)
        random = chance(known_metric(metric), relevant, self.candidates(direction, size))
        return float(random.mean())

    def copies(self, name: str, direction: str, size: int, metric: str, right: str) -> Estimate:
        """A metric in a gallery of that size which copies of the test split fill."""
        base = min(self.growth.at)
        times, candidates, runs = size // base, self.candidates(direction, base), []
        for number in self.places[name]:
            above, count, relevant = self.groups(number, direction, base)
            groups = copied(above, count, relevant, times, right)
            runs.append(known_metric(metric).of_best(groups, times * candidates, self.ties))
        return self.drawn(name, direction, runs)


def copied(
    above: np.ndarray, count: np.ndarray, relevant: np.ndarray, times: int, right: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The tie group of the best answer where every candidate is there `times` times.

    above, count, relevant: (n,) int, of the gallery that is copied. right: whether the copies of a
    right answer are right too, or one of each alone.

    Two candidates stand above, and the answer ties with one more:

    >>> two, one = np.array([2]), np.array([1])
    >>> [group.item() for group in copied(two, two, one, 3, ALL_RIGHT)]
    [6, 6, 3]
    >>> [group.item() for group in copied(two, two, one, 3, ONE_RIGHT)]
    [6, 6, 1]
    """
    return times * above, times * count, relevant * (times if right == ALL_RIGHT else 1)


@dataclass(frozen=True)
class Rows:
    """What was found, as it is kept.

    growth: one row per ranker, direction, size, group of candidates left out and metric; kept: the
    share of R@1 in the smallest gallery that is left at each size; medians; laws: the law of each
    ranker and direction, and what it predicts at the sizes that it was not fitted to; copies: R@k
    in galleries that are filled in either way; twins: how many candidates of a query are not told
    apart from its answer.
    """

    growth: pd.DataFrame
    kept: pd.DataFrame
    medians: pd.DataFrame
    laws: pd.DataFrame
    copies: pd.DataFrame
    twins: pd.DataFrame

    @property
    def sizes(self) -> list[int]:
        """Images of the galleries, ascending."""
        return sorted(int(size) for size in set(self.growth["size"]))

    @property
    def bits(self) -> dict[str, int]:
        """The rankers, in order, and the length of their codes; 0 for embeddings."""
        first = self.growth.drop_duplicates("ranker")
        return dict(zip(first["ranker"], first["bits"].tolist(), strict=True))


@dataclass(frozen=True)
class Found(Rows):
    """What this run found, with what differences and ratios are drawn from.

    predictions: by ranker, direction, size and metric.
    """

    estimates: Estimates = field(metadata={"file": None}, repr=False)
    predictions: Mapping[tuple, Estimate] = field(metadata={"file": None}, repr=False)

    def has(self, *names: str) -> bool:
        """Whether all of these rank."""
        return set(names) <= set(self.bits)


def read(folder: Path) -> tuple[Rows, dict]:
    """Recorded rows, and their run.json."""
    tables = {one.name: pd.read_csv(folder / f"{one.name}.csv") for one in fields(Rows)}
    tables["growth"]["without"] = tables["growth"]["without"].fillna("")  # CSV reads "" as missing
    return Rows(**tables), json.loads((folder / "run.json").read_text())


def study(growth: Growth, parameters: GrowingGalleryChapter) -> Found:
    """All rows, of counts at each size."""
    estimates, sizes = Estimates(growth, parameters), list(growth.at)
    bits = {one.name: one.bits for one in growth.rankers}
    places = list(product(bits, DIRECTIONS))
    laws, predictions = _laws(estimates, places, sizes, parameters)
    return Found(
        growth=pd.DataFrame(_growth_rows(estimates, bits, sizes)),
        kept=pd.DataFrame(_kept_rows(estimates, bits, sizes), columns=KEPT_COLUMNS),
        medians=pd.DataFrame(
            {"ranker": name, "direction": d, "size": n, "rank": estimates.median(name, d, n)}
            for name, d, n in product(bits, DIRECTIONS, sizes)
        ),
        laws=laws,
        copies=pd.DataFrame(_copy_rows(estimates, places, sizes)),
        twins=pd.DataFrame(_twin_rows(growth.at)),
        estimates=estimates,
        predictions=predictions,
    )


def _growth_rows(estimates: Estimates, bits: Mapping[str, int], sizes: list[int]) -> Iterator[dict]:
    for name, direction, size, without in product(bits, DIRECTIONS, sizes, GROUPS):
        for metric in METRICS if without == ALL else (FIRST, TEN):
            estimate = estimates.estimate(name, direction, size, metric, without)
            yield {
                **{"ranker": name, "bits": bits[name], "direction": direction, "size": size},
                **{"without": "" if without == ALL else without, "metric": metric},
                **estimate.columns("percent"),
                "chance_percent": estimates.chance(direction, size, metric),
            }


def _kept_rows(estimates: Estimates, bits: Mapping[str, int], sizes: list[int]) -> Iterator[dict]:
    for name, direction, size in product(bits, DIRECTIONS, sizes[1:]):
        share = estimates.left(name, direction, size)
        if share is not None:
            yield {
                **{"ranker": name, "bits": bits[name], "direction": direction, "size": size},
                **share.columns("percent"),
            }


def _copy_rows(estimates: Estimates, places: list, sizes: list[int]) -> Iterator[dict]:
    for (name, direction), size, metric in product(places, sizes, (FIRST, TEN)):
        distinct = estimates.estimate(name, direction, size, metric)
        ways = {DISTINCT: distinct} | {
            right: estimates.copies(name, direction, size, metric, right)
            for right in (ALL_RIGHT, ONE_RIGHT)
        }
        for way, estimate in ways.items():
            place = {"ranker": name, "direction": direction, "size": size, "metric": metric}
            yield place | {"gallery": way} | estimate.columns("percent")


def _twin_rows(at: Mapping[int, Counts]) -> Iterator[dict]:
    for (size, counts), direction in product(at.items(), DIRECTIONS):
        for kind, own in zip(KINDS, counts.twins[direction], strict=True):
            yield {
                **{"size": size, "direction": direction, "kind": kind},
                **{"mean": float(own.mean()), "queries_percent": float(100 * (own > 0).mean())},
            }


def _laws(
    estimates: Estimates, places: list, sizes: list[int], parameters: GrowingGalleryChapter
) -> tuple[pd.DataFrame, dict[tuple, Estimate]]:
    """Rows of the law of each ranker and direction, and its predictions by their places."""
    fitted, held = sizes[: -parameters.held_out], sizes[-parameters.held_out :]
    rows: list[dict] = []
    predictions: dict[tuple, Estimate] = {}
    for name, direction in places if len(fitted) >= FITTED else ():
        seen = [estimates.estimate(name, direction, size, FIRST) for size in fitted]
        hits = np.stack([np.append(one.value, one.draws) for one in seen], axis=1) / 100
        if not (hits[0] > 0).all():
            continue
        wrong = np.array([estimates.wrong(direction, size) for size in fitted])
        found = gallery_law.fit(wrong, hits)
        for size, metric in product(held, (FIRST, TEN)):
            k = known_metric(metric).k
            values = 100 * found.hits(estimates.wrong(direction, size), k)
            predicted = Estimate(float(values[0]), values[1:], trainings=seen[0].trainings)
            observed = estimates.estimate(name, direction, size, metric)
            predictions[name, direction, size, metric] = predicted
            shape = Estimate(float(found.shape[0]), found.shape[1:])
            rows.append(
                {
                    **{"ranker": name, "direction": direction, "size": size, "metric": metric},
                    "wrong": estimates.wrong(direction, size),
                    **shape.columns("shape", "shape_low", "shape_high"),
                    "scale": float(found.scale[0]),
                    **predicted.columns("predicted_percent", "predicted_low", "predicted_high"),
                    **observed.columns("percent"),
                    **(predicted - observed).columns("gap_percent", "gap_low", "gap_high"),
                }
            )
    return pd.DataFrame(rows, columns=LAW_COLUMNS), predictions


KEPT_COLUMNS = ["ranker", "bits", "direction", "size", "percent", "low", "high"]
LAW_COLUMNS = [
    *(
        "ranker",
        "direction",
        "size",
        "metric",
        "wrong",
        "shape",
        "shape_low",
        "shape_high",
        "scale",
    ),
    *("predicted_percent", "predicted_low", "predicted_high", "percent", "low", "high"),
    *("gap_percent", "gap_low", "gap_high"),
]
