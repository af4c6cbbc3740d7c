"""Rows of the category chapter: average precision, precision-recall curves, gaps, controls."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from fico_lib.chapters.category.claims import claims
from fico_lib.encodings import Encodings
from fico_lib.evaluation import EvaluationResult, evaluate
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.metrics import DENOMINATORS
from fico_lib.metrics.chance import corrected
from fico_lib.models import model_card
from fico_lib.models.controls import controls
from fico_lib.report.claims import evaluated
from fico_lib.report.reference_rows import RANDOM, random_scorer
from fico_lib.report.results_folder import Results
from fico_lib.report.runs import Runs
from fico_lib.runtime.errors import InputError

KEYS = ("data", "model", "kind", "granularity", "direction", "metric")
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
    a partial ranking has no value; its low and high (95 %, over images and seeds) are those of the
    mean over an entry's seeds, in the row of each; curves: per recall level; denominators: per
    convention (first data set, first seed); gaps: paired differences, with such intervals; claims:
    see `fico_lib.report.claims`.
    depths: the k of mAP@k that the data allow.
    """

    accuracy: pd.DataFrame
    curves: pd.DataFrame
    denominators: pd.DataFrame
    gaps: pd.DataFrame
    depths: list[int]
    sizes: dict[str, tuple[int, int]]
    how: dict = field(default_factory=dict)
    claims: pd.DataFrame | None = None  # of the first data set; None in recorded results


def tasks(
    models: dict[str, Sequence[str]],
    encodings: Sequence[Encodings],
    features: Sequence[dict[str, FeatureSplit]],
    seeds: Sequence[int],
    dimension: int,
    bits: int,
) -> list[Task]:
    """The data sets with their models, the four controls and a random scorer.

    models: of each data set; encodings: those of the first data set, then of the next; within one,
    the seeds of a model side by side. features: by split name, per data set. dimension, bits: of
    the controls.
    """
    made, waiting = [], iter(encodings)
    for (name, chosen), splits in zip(models.items(), features, strict=True):
        if splits["train"].labels is None or splits["test"].labels is None:
            raise InputError(f"data set '{name}' has no labels: category retrieval needs them")
        own = [next(waiting) for _ in range(len(chosen) * len(seeds))]
        entries = [Entry(e, "model", seeds[i % len(seeds)]) for i, e in enumerate(own)]
        four = controls(splits["train"], splits["test"], dimension, bits, seeds[0])
        entries += [Entry(e, "control", seeds[0]) for e in four]
        nothing = random_scorer(own[0].n_images, own[0].image_of_caption)
        entries.append(Entry(nothing, RANDOM, 0))
        made.append(Task(name, entries, np.array(splits["test"].labels)))
    return made


def compare(
    compared: Sequence[Task],
    *,
    map_at: Sequence[int],
    denominator: str,
    empty: str,
    ties: str,
    resamples: int,
    device: str,
) -> Comparison:
    """Evaluate every entry of every data set; a k beyond the candidates is left out."""
    sizes = {t.name: (t.entries[0].encodings.n_images, t.entries[0].encodings.n_captions)
             for t in compared}  # fmt: skip
    depths = [k for k in map_at if k <= min(min(size) for size in sizes.values())]
    how = {"map_at": (*depths, "all"), "empty": empty, "ties": ties, "device": device}
    accuracy, curves, gaps, conventions, tested = [], [], [], [], None
    for task in compared:
        found = [
            (e, evaluate(e.encodings, task.labels, recall_at=(1,), denominator=denominator, **how))
            for e in task.entries
        ]
        runs = Runs(_by_name(found), sizes[task.name][0], resamples)
        for entry, result in found:
            accuracy += _accuracy_rows(task.name, entry, result, runs)
            curves += _curve_rows(task.name, entry, result)
        gaps += _gap_rows(task.name, runs, depths)
        if tested is None:
            conventions = list(_denominator_rows(task, found, denominator, how))
            tested = evaluated(claims(f"mAP@{depths[0]}" if depths else None), runs)
    return Comparison(
        accuracy=pd.DataFrame(accuracy),
        curves=pd.DataFrame(curves),
        denominators=pd.DataFrame(conventions),
        gaps=pd.DataFrame(gaps),
        depths=depths,
        sizes=sizes,
        how={"denominator": denominator, "empty": empty, "ties": ties},
        claims=tested,
    )


def _by_name(found: list[tuple[Entry, EvaluationResult]]) -> dict[str, list[EvaluationResult]]:
    grouped: dict[str, list[EvaluationResult]] = {}
    for entry, result in found:
        grouped.setdefault(entry.name, []).append(result)
    return grouped


def _shown(metric: str) -> str:
    return metric.replace("@all", "@N")


def _about(data: str, entry: Entry) -> dict:
    return {
        "data": data,
        "model": entry.name,
        "kind": entry.kind,
        "granularity": entry.granularity,
        "seed": entry.seed,
    }


def _accuracy_rows(data: str, entry: Entry, result: EvaluationResult, runs: Runs):
    for by_direction in (result.instance, result.category):
        for direction, found in by_direction.items():
            for metric in (name for name in found.metrics if "@" in name):
                value, chance = found[metric], found.chance[metric]
                low = high = pessimistic = optimistic = None
                if value is not None:
                    low, high = runs.estimate(entry.name, direction, metric).interval()
                    pessimistic, optimistic = found.tie_interval[metric]
                yield _about(data, entry) | {
                    "direction": direction,
                    "metric": _shown(metric),
                    "percent": value,
                    "low": low,
                    "high": high,
                    "chance_percent": chance,
                    "corrected_percent": _corrected(value, chance),
                    "pessimistic_percent": pessimistic,
                    "optimistic_percent": optimistic,
                    "queries": found.queries,
                    "empty_queries": found.empty_queries,
                }


def _corrected(value: float | None, chance: float) -> float | None:
    return None if value is None else 100 * corrected(value / 100, chance / 100)


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
    task: Task, found: list[tuple[Entry, EvaluationResult]], known: str, how: dict
) -> Iterator[dict]:
    """mAP@k of each model's first seed under every denominator; `found` are those under `known`."""
    first = {entry.name: (entry, result) for entry, result in reversed(found)}
    for name in dict.fromkeys(entry.name for entry in task.entries):
        entry, usual = first[name]
        for denominator in DENOMINATORS:
            result = (
                usual
                if denominator == known
                else evaluate(
                    entry.encodings, task.labels, tasks="category", denominator=denominator, **how
                )
            )
            for direction, values in result.category.items():
                for metric, value in values.metrics.items():
                    yield _about(task.name, entry) | {
                        "direction": direction,
                        "metric": _shown(metric),
                        "denominator": denominator,
                        "percent": value,
                        "chance_percent": values.chance[metric],
                    }


def _gap_rows(data: str, runs: Runs, depths: Sequence[int]):
    """Paired differences: the best FG model against the best CG one, and the controls' factors."""
    metrics = ["R@1", *(f"mAP@{k}" for k in depths), "mAP@all"]
    for direction, metric in product(DIRECTIONS, metrics):
        best = [runs.best(runs.models(kind), direction, metric) for kind in ("FG", "CG")]
        pairs = [] if None in best else [("best FG, best CG", "", *best)]
        for factor, at, a, b in [*pairs, *FACTORS]:
            yield {
                "data": data,
                "factor": factor,
                "at": at,
                "model": a,
                "than": b,
                "direction": direction,
                "metric": _shown(metric),
            } | runs.gap(a, b, direction, metric)


TABLES = ("accuracy", "curves", "denominators", "gaps")


def write(compared: Comparison, results: Results) -> None:
    """Keep the tables among `results`."""
    for name in TABLES:
        results.table(name, getattr(compared, name))


def about(compared: Comparison) -> dict:
    """What of a comparison is no table, for its run.json."""
    return {"depths": compared.depths, "sizes": compared.sizes, "how": compared.how}


def read(folder: Path) -> tuple[Comparison, dict]:
    """A recorded comparison and its run.json, as `write` and `about` kept them."""
    run = json.loads((folder / "run.json").read_text())
    texts = {"granularity": str, "at": str}  # they may be empty, which CSV reads as missing
    tables = {
        name: pd.read_csv(folder / f"{name}.csv", dtype=texts).fillna(dict.fromkeys(texts, ""))
        for name in TABLES
    }
    sizes = {name: tuple(size) for name, size in run["sizes"].items()}
    return Comparison(**tables, depths=run["depths"], sizes=sizes, how=run["how"]), run


def over_seeds(rows: pd.DataFrame, keys: Sequence[str] = KEYS) -> pd.DataFrame:
    """Rows averaged over seeds, whose intervals are one; `seed_deviation` is that of `percent`."""
    grouped = rows.groupby(list(keys), sort=False)
    means = grouped.mean(numeric_only=True).drop(columns="seed")
    if "percent" in rows:
        means["seed_deviation"] = grouped["percent"].std()
    return means.reset_index()


def mean_curves(curves: pd.DataFrame) -> pd.DataFrame:
    """Precision-recall curves averaged over seeds."""
    return over_seeds(curves, ("data", "model", "granularity", "direction", "recall_percent"))


def two_tasks(accuracy: pd.DataFrame) -> pd.DataFrame:
    """Instance and category retrieval side by side: R@1 and mAP@N, averaged over seeds."""
    return over_seeds(accuracy[accuracy["metric"].isin(["R@1", "mAP@N"])])
