"""Rows on synthetic labels: how good they are, and what noise in them does to category retrieval.

Evaluation labels may be predicted (the paper's Flickr30K) or damaged. The rankings of the models
stay what they are; only what counts as relevant changes, for queries and candidates alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from fico_lib.chapters.category.parameters import CategoryChapter
from fico_lib.chapters.category.results import Task
from fico_lib.evaluation import evaluate
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.metrics import classification
from fico_lib.models.query2label import Query2Label
from fico_lib.report.reference_rows import RANDOM

TRUE, PREDICTED = "true labels", "Query2Label"


@dataclass(frozen=True)
class LabelStudy:
    """What became of one data set's evaluation labels, as tidy tables.

    quality: one row per set of labels, beside the true ones; calibration: per bin of the predicted
    probabilities; accuracy: per set of labels, entry and direction, mAP@N; ranking: per set of
    labels and direction, Kendall's tau of the entries' order with the order under true labels (NaN,
    and no `best`, where the labels tell no entries apart).
    """

    data: str
    quality: pd.DataFrame = field(metadata={"file": "labels_quality"})
    calibration: pd.DataFrame = field(metadata={"file": "labels_calibration"})
    accuracy: pd.DataFrame = field(metadata={"file": "labels_accuracy"})
    ranking: pd.DataFrame = field(metadata={"file": "labels_ranking"})
    threshold: float


def replaced(labels: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Labels of which a `share` is replaced by other categories, drawn by how frequent these are.

    labels: (n, c) bool. Counts per image stay the same where an image does not have nearly all
    categories; frequencies stay about the same, and so does chance.
    """
    noisy = labels.copy()
    frequency = labels.mean(0) + 1e-12
    for image, category in np.argwhere(labels & (rng.random(labels.shape) < share)):
        free = frequency * ~noisy[image] * (np.arange(len(frequency)) != category)
        if free.any():
            noisy[image, category] = False
            noisy[image, rng.choice(len(free), p=free / free.sum())] = True
    return noisy


def study(
    task: Task, test: FeatureSplit, labeller: Query2Label, parameters: CategoryChapter
) -> LabelStudy:
    """Label the test split anew, damage its labels, and evaluate under each.

    labeller: fitted on the splits train and val; it sees no label of the test split. Entries are
    the models and controls of `task`, at their first seed.
    """
    device = parameters.device
    probabilities = labeller.probabilities(test)
    rng = np.random.default_rng(parameters.seeds[0])
    sets = {TRUE: task.labels, PREDICTED: probabilities >= labeller.threshold}
    for share in parameters.label_noise:
        sets[f"{100 * share:g} % replaced"] = replaced(task.labels, share, rng)
    accuracy = pd.DataFrame(
        row for name, labels in sets.items() for row in _accuracy_rows(name, labels, task, device)
    )
    return LabelStudy(
        data=task.name,
        quality=pd.DataFrame(
            _quality(name, labels, task.labels, probabilities) for name, labels in sets.items()
        ),
        calibration=_calibration(probabilities, task.labels),
        accuracy=accuracy,
        ranking=pd.DataFrame(_ranking_rows(accuracy, list(sets))),
        threshold=labeller.threshold,
    )


def _quality(name: str, labels: np.ndarray, true: np.ndarray, probabilities: np.ndarray) -> dict:
    micro, macro = classification.f1(labels, true)
    predicted = name == PREDICTED
    precision = classification.category_average_precision(probabilities, true)
    return {
        "labels": name,
        "labels_per_image": labels.sum(1).mean(),
        "unlabelled_percent": 100 * (~labels.any(1)).mean(),
        "wrong_entries_percent": 100 * (labels != true).mean(),
        "micro_f1_percent": 100 * micro,
        "macro_f1_percent": 100 * macro,
        "map_percent": 100 * np.nanmean(precision) if predicted else np.nan,
        "calibration_error_percent": 100 * classification.calibration_error(probabilities, true)
        if predicted
        else np.nan,
    }


def _calibration(probabilities: np.ndarray, true: np.ndarray) -> pd.DataFrame:
    said, found, share = classification.reliability(probabilities, true)
    return pd.DataFrame(
        {"said_percent": 100 * said, "found_percent": 100 * found, "entries_percent": 100 * share}
    ).dropna(ignore_index=True)


def _accuracy_rows(name: str, labels: np.ndarray, task: Task, device: str):
    first = {entry.name: entry for entry in reversed(task.entries) if entry.kind != RANDOM}
    for model in dict.fromkeys(entry.name for entry in task.entries if entry.kind != RANDOM):
        entry = first[model]
        about = {"data": task.name, "labels": name, "model": model, "kind": entry.kind}
        settings = {"tasks": "category", "map_at": "all", "empty": "skip", "device": device}
        for direction, result in evaluate(entry.encodings, labels, **settings).category.items():
            # No value: a partial ranking, or labels that no image has.
            values = result["mAP@N"], result.chance["mAP@N"], result.corrected["mAP@N"]
            percent, chance, above = (np.nan if value is None else value for value in values)
            yield about | {
                "direction": direction,
                "percent": percent,
                "chance_percent": chance,
                "corrected_percent": above,
            }


def _ranking_rows(accuracy: pd.DataFrame, sets: Sequence[str]):
    for direction, part in accuracy.groupby("direction", sort=False):
        values = part.pivot(index="model", columns="labels", values="percent")
        values = values.dropna(subset=[TRUE])
        for name in sets:
            told = values[name].nunique() > 1  # not where every entry scores the same
            yield {
                "labels": name,
                "direction": direction,
                "entries": len(values),
                "kendall_tau": kendalltau(values[TRUE], values[name]).statistic if told else np.nan,
                "best": values[name].idxmax() if told else "",
            }
