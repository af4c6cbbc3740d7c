"""Rows of the category chapter: average precision, precision-recall curves, gaps, controls."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from fico_lib.chapters.category.claims import WITHOUT_OWN
from fico_lib.chapters.category.parameters import CategoryChapter
from fico_lib.encodings import Encodings
from fico_lib.evaluation import EvaluationResult, evaluate
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.metrics import TOP_K_DENOMINATORS, registry
from fico_lib.models import model_card
from fico_lib.report.accuracy_parameters import CONTROL_SEED
from fico_lib.report.ranks import ranks
from fico_lib.report.reference_rows import RANDOM, random_scorer
from fico_lib.report.runs import Runs, by_model
from fico_lib.report.seeds import over_seeds
from fico_lib.runtime.errors import InputError

# What one factor of the controls changes while the other stays: (factor, at, with it, without).
FACTORS = (
    ("labels", "float", "labels_float", "pairs_float"),
    ("labels", "binary", "labels_binary", "pairs_binary"),
    ("binarisation", "pairs", "pairs_binary", "pairs_float"),
    ("binarisation", "labels", "labels_binary", "labels_float"),
)


@dataclass(frozen=True)
class Entry:
    """What is ranked in one line of the tables: a model, a control or the random scorer."""

    encodings: Encodings
    kind: str  # model, control, random
    seed: int

    @property
    def name(self) -> str:
        """The model's registered name, the control's, or "random"."""
        return self.encodings.model

    @property
    def granularity(self) -> str:
        """FG or CG; "" for what is no model of the paper's kinds."""
        return model_card(self.name).granularity if self.kind == "model" else ""


@dataclass(frozen=True)
class Task:
    """One data set of the chapter: its entries, and the labels (n_images, n_categories) bool."""

    name: str
    entries: list[Entry]
    labels: np.ndarray


@dataclass(frozen=True)
class Comparison:
    """The evaluated entries of one run, as tidy tables.

    accuracy: one row per data set, entry, seed, direction and metric (R@1, mAP@k, mAP@N), NaN where
    a partial ranking has no value; low and high (95 %, over images and seeds) and the ranks among
    the models (see `fico_lib.report.ranks`) are those of the
    mean over an entry's seeds, in the row of each; curves: per recall level; denominators: per
    convention (first data set, first seed); gaps: paired differences, with such intervals; runs: by
    data set, what claims are tested on, none in recorded results.
    depths: the k of mAP@k that the data allow.
    """

    accuracy: pd.DataFrame
    curves: pd.DataFrame
    denominators: pd.DataFrame
    gaps: pd.DataFrame
    depths: list[int]
    sizes: dict[str, tuple[int, int]]
    how: dict = field(default_factory=dict)
    runs: dict[str, Runs] = field(default_factory=dict)


def controls_and_chance(four: Sequence[Encodings], seed: int) -> list[Entry]:
    """The entries of the four controls, and of a random scorer of the same items."""
    chance = random_scorer(four[0].n_images, four[0].image_of_caption)
    return [*(Entry(control, "control", seed) for control in four), Entry(chance, RANDOM, 0)]


def tasks(
    encodings: Sequence[Encodings],
    features: Sequence[FeatureSplit],
    parameters: CategoryChapter,
) -> list[Task]:
    """The data sets with their models, the four controls and a random scorer.

    encodings: those of `parameters.requests()`; features: of the test split, per data set.
    """
    seeds, ranked, waiting = parameters.seeds, [], iter(encodings)
    for (name, chosen), test in zip(parameters.compared().items(), features, strict=True):
        if test.labels is None:
            raise InputError(f"data set '{name}' has no labels: category retrieval needs them")
        own = [next(waiting) for _ in range(len(chosen) * len(seeds))]
        entries = [Entry(e, "model", seeds[i % len(seeds)]) for i, e in enumerate(own)]
        closed = [next(waiting) for _ in parameters.closed_forms()]
        entries += controls_and_chance(closed, CONTROL_SEED)
        ranked.append(Task(name, entries, np.array(test.labels)))
    return ranked


def compare(tasks: Sequence[Task], parameters: CategoryChapter) -> Comparison:
    """Evaluate every entry of every data set; a k beyond the candidates is left out."""
    p = parameters
    sizes = {t.name: (t.entries[0].encodings.n_images, t.entries[0].encodings.n_captions)
             for t in tasks}  # fmt: skip
    depths = [k for k in p.map_at if k <= min(min(size) for size in sizes.values())]
    judge = partial(evaluate, map_at=(*depths, "all"), empty=p.empty, ties=p.ties, device=p.device)
    accuracy, curves, gaps, conventions, evaluated = [], [], [], [], {}
    for number, task in enumerate(tasks):
        found = [
            (e, judge(e.encodings, task.labels, recall_at=(1,), denominator=p.denominator))
            for e in task.entries
        ]
        results = by_model((e.name, result) for e, result in found)
        results |= _without_own(task, depths, judge)
        runs = Runs(
            results,
            sizes[task.name][0],
            p.resamples,
            trained_as={name: name.removesuffix(WITHOUT_OWN) for name in results},
            number=number,
        )
        evaluated[task.name] = runs
        rank_of = {
            (direction, metric): ranks(runs, runs.models(), direction, metric)
            for direction, metric in product(DIRECTIONS, _metrics(depths))
        }
        for entry, result in found:
            accuracy += _accuracy_rows(task.name, entry, result, runs, rank_of)
            curves += _curve_rows(task.name, entry, result)
        gaps += _gap_rows(task.name, runs, depths)
        if number == 0:
            conventions = list(_denominator_rows(task, found, p.denominator, judge))
    return Comparison(
        accuracy=pd.DataFrame(accuracy),
        curves=pd.DataFrame(curves),
        denominators=pd.DataFrame(conventions),
        gaps=pd.DataFrame(gaps),
        depths=depths,
        sizes=sizes,
        how={"denominator": p.denominator, "empty": p.empty, "ties": p.ties},
        runs=evaluated,
    )


def _without_own(
    task: Task, depths: Sequence[int], judge: Callable[..., EvaluationResult]
) -> dict[str, list[EvaluationResult]]:
    """mAP@k of the models where a query's own captions, or image, do not count."""
    if not depths:
        return {}
    own = {"tasks": "category", "without_own": True, "map_at": depths}
    return by_model(
        (entry.name + WITHOUT_OWN, judge(entry.encodings, task.labels, **own))
        for entry in task.entries
        if entry.kind == "model"
    )


def _about(data: str, entry: Entry) -> dict:
    return {
        "data": data,
        "model": entry.name,
        "kind": entry.kind,
        "granularity": entry.granularity,
        "seed": entry.seed,
    }


def _metrics(depths: Sequence[int]) -> list[str]:
    return ["R@1", *(f"mAP@{k}" for k in depths), "mAP@N"]


def _accuracy_rows(data: str, entry: Entry, result: EvaluationResult, runs: Runs, rank_of: dict):
    for by_direction in (result.instance, result.category):
        for direction, found in by_direction.items():
            for metric in (name for name in found.metrics if registry.metric(name).unit == "%"):
                value, chance = found[metric], found.chance[metric]
                low = high = pessimistic = optimistic = None
                if value is not None:
                    low, high = runs.estimate(entry.name, direction, metric).interval()
                    pessimistic, optimistic = found.tie_interval[metric]
                rank = rank_of[direction, metric].get(entry.name)
                yield _about(data, entry) | {
                    "direction": direction,
                    "metric": metric,
                    "percent": value,
                    "low": low,
                    "high": high,
                    "best_rank": rank and rank.best,
                    "worst_rank": rank and rank.worst,
                    "chance_percent": chance,
                    "corrected_percent": found.corrected[metric],
                    "pessimistic_percent": pessimistic,
                    "optimistic_percent": optimistic,
                    "queries": found.queries,
                    "empty_queries": found.empty_queries,
                }


def _curve_rows(data: str, entry: Entry, result: EvaluationResult) -> Iterator[dict]:
    for direction, found in result.category.items():
        if found.pr is None:
            continue
        for level, precision in zip(range(0, 101, 10), found.pr, strict=True):
            yield _about(data, entry) | {
                "direction": direction,
                "recall_percent": level,
                "precision_percent": 100 * precision,
            }


def _denominator_rows(
    task: Task,
    found: list[tuple[Entry, EvaluationResult]],
    known: str,
    judge: Callable[..., EvaluationResult],
) -> Iterator[dict]:
    """mAP@k of each model's first seed under every denominator; `found` are those under `known`."""
    first = {entry.name: (entry, result) for entry, result in reversed(found)}
    for name in dict.fromkeys(entry.name for entry in task.entries):
        entry, usual = first[name]
        for denominator in TOP_K_DENOMINATORS:
            result = usual
            if denominator != known:
                result = judge(
                    entry.encodings, task.labels, tasks="category", denominator=denominator
                )
            for direction, values in result.category.items():
                for metric, value in values.metrics.items():
                    yield _about(task.name, entry) | {
                        "direction": direction,
                        "metric": metric,
                        "denominator": denominator,
                        "percent": value,
                        "chance_percent": values.chance[metric],
                    }


def _gap_rows(data: str, runs: Runs, depths: Sequence[int]):
    """Paired differences between the controls that differ in one factor."""
    for direction, metric in product(DIRECTIONS, _metrics(depths)):
        for factor, at, a, b in FACTORS:
            yield {
                "data": data,
                "factor": factor,
                "at": at,
                "model": a,
                "than": b,
                "direction": direction,
                "metric": metric,
            } | runs.gap(a, b, direction, metric).columns("gap_percent")


def about(compared: Comparison) -> dict:
    """What of a comparison is no table, for its run.json."""
    return {"depths": compared.depths, "sizes": compared.sizes, "how": compared.how}


def read(folder: Path) -> tuple[Comparison, dict]:
    """A recorded comparison, without claims, and its run.json."""
    run = json.loads((folder / "run.json").read_text())
    texts = {"granularity": str}  # it may be empty, which CSV reads as missing
    tables = {
        name: pd.read_csv(folder / f"{name}.csv", dtype=texts).fillna(dict.fromkeys(texts, ""))
        for name in ("accuracy", "curves", "denominators", "gaps")
    }
    sizes = {name: tuple(size) for name, size in run["sizes"].items()}
    return Comparison(**tables, depths=run["depths"], sizes=sizes, how=run["how"]), run


def mean_accuracy(accuracy: pd.DataFrame) -> pd.DataFrame:
    """Accuracy averaged over seeds, whose intervals are one."""
    return over_seeds(accuracy, ("data", "model", "kind", "granularity", "direction", "metric"))


def mean_curves(curves: pd.DataFrame) -> pd.DataFrame:
    """Precision-recall curves averaged over seeds."""
    return over_seeds(curves, ("data", "model", "granularity", "direction", "recall_percent"))


def two_tasks(accuracy: pd.DataFrame) -> pd.DataFrame:
    """Instance and category retrieval side by side: R@1 and mAP@N, averaged over seeds."""
    return mean_accuracy(accuracy[accuracy["metric"].isin(["R@1", "mAP@N"])])
