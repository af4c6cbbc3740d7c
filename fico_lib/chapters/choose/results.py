"""Rows of the chapter: every model with every search, and what is recommended for which budgets."""

import json
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path

import pandas as pd

from fico_lib.chapters.choose.costs import searches, step_seconds, ways
from fico_lib.chapters.choose.parameters import ChooseChapter
from fico_lib.costs.architectures import PAPER_MODELS
from fico_lib.models import CLOSED_FORM, MODELS, VARIANTS, model_card
from fico_lib.report.costs.rows import all_facts

INSTANCE, CATEGORY = "one match", "a category"
TASKS = (INSTANCE, CATEGORY)
DIRECTION = "t2i"  # a sentence looks for its image: what is kept, and searched, are images
SYSTEM_COLUMNS = [
    *("task", "metric", "images", "model", "search", "kind", "percent", "kept_percent"),
    *("expected_percent", "low", "high", "milliseconds", "bytes_per_image", "closed_form"),
]


def quality(folders: Mapping[str, Path], parameters: ChooseChapter) -> pd.DataFrame:
    """Columns task, metric, model, percent, low, high: of models and closed forms, text to image.

    folders: results by chapter. A partial ranking has no value at a depth, and no row.
    """
    instance = pd.read_csv(folders["instance"] / "means.csv")
    first = f"R@{parameters.recall_at}"
    one = instance[instance["k"] == parameters.recall_at].assign(task=INSTANCE, metric=first)
    category = pd.read_csv(folders["category"] / "accuracy.csv")
    category = category[category["data"] == category["data"].iloc[0]]
    many = category[category["metric"] == parameters.precision].assign(task=CATEGORY)
    rows = pd.concat([one, many], ignore_index=True)
    known = rows["model"].isin([*MODELS, *CLOSED_FORM]) & (rows["direction"] == DIRECTION)
    numbers = ["percent", "low", "high"]  # low and high are those of the mean over seeds
    rows = rows[known].dropna(subset="percent")
    return rows.groupby(["task", "metric", "model"], sort=False)[numbers].mean().reset_index()


def _closed_form(rows: pd.DataFrame, model: str) -> str:
    """The best closed form above a model, with its percentage; against a code, codes alone."""
    values = rows.set_index("model")["percent"]
    codes = model_card(model).granularity == "CG"
    above = {
        name: values[name]
        for name in CLOSED_FORM
        if name in values.index
        and values[name] > values[model]
        and not (codes and model_card(name).granularity != "CG")
    }
    best = max(above, key=above.__getitem__, default="")
    return f"{best} {above[best]:.1f}" if best else ""


def systems(folders: Mapping[str, Path], parameters: ChooseChapter) -> pd.DataFrame:
    """Every model of the run with every search of its kind, for each task and gallery.

    percent is the quality of the compact model when all are compared, expected_percent that times
    what the search keeps; low and high likewise (95 %). Columns: `SYSTEM_COLUMNS`.
    """
    known = all_facts()
    asked = json.loads((folders["search"] / "run.json").read_text())["parameters"]["k"]
    by_index = searches(pd.read_csv(folders["search"] / "measured.csv"), asked, parameters.kept)
    steps = step_seconds(pd.read_csv(folders["encoding_storage"] / "steps.csv"))
    steps = step_seconds(pd.read_csv(folders["attention"] / "steps.csv")) | steps
    rows = []
    for (task, metric), part in quality(folders, parameters).groupby(
        ["task", "metric"], sort=False
    ):
        for one in part[part["model"].isin(MODELS)].itertuples():
            paper = VARIANTS.get(one.model, one.model)
            if paper not in known:
                continue
            for images in parameters.galleries:
                found = ways(known[paper], paper == one.model, images, steps, by_index,
                             parameters.rerank_k)  # fmt: skip
                for way in found:
                    share = way.kept[TASKS.index(task)]
                    rows.append({
                        **{"task": task, "metric": metric, "images": images, "model": one.model},
                        **{"search": way.search, "kind": way.kind, "percent": one.percent},
                        **{"kept_percent": 100 * share, "expected_percent": share * one.percent},
                        **{"low": share * one.low, "high": share * one.high},
                        "milliseconds": way.milliseconds,
                        "bytes_per_image": way.bytes_per_image,
                        "closed_form": _closed_form(part, one.model),
                    })  # fmt: skip
    return pd.DataFrame(rows, columns=SYSTEM_COLUMNS)


def left_out(
    folders: Mapping[str, Path], parameters: ChooseChapter, systems: pd.DataFrame
) -> pd.DataFrame:
    """Models that are not in the comparison, and what of them was not run: columns model, lacks."""
    judged = set(quality(folders, parameters)["model"])
    rows = []
    for name in MODELS:
        if name in set(systems["model"]):
            continue
        if name not in judged:
            if name in PAPER_MODELS:
                rows.append({"model": name, "lacks": "a quality: it was not run here"})
        elif VARIANTS.get(name, name) not in PAPER_MODELS:
            rows.append({"model": name, "lacks": "a cost: it has no architecture at true size"})
        else:
            rows.append({"model": name, "lacks": "a cost: it was not measured here"})
    return pd.DataFrame(rows, columns=["model", "lacks"])


def choices(systems: pd.DataFrame, parameters: ChooseChapter) -> pd.DataFrame:
    """What is recommended for each task, gallery and pair of budgets, and the runner-up.

    The best is the one with the highest expected quality within both budgets (of equals the
    faster); the runner-up is the best of another model. clear: the interval of the best lies above
    the runner-up's. model is "" where nothing fits, or nothing was run: `why_not` says which.
    """
    budgets = product(
        TASKS, parameters.galleries, parameters.latency_ms, parameters.bytes_per_image
    )
    return pd.DataFrame([
        {"task": task, "images": images, "latency_ms": latency, "budget_bytes": size}
        | _chosen(systems[(systems["task"] == task) & (systems["images"] == images)], latency, size)
        for task, images, latency, size in budgets
    ])  # fmt: skip


def _chosen(rows: pd.DataFrame, latency: float, size: float) -> dict:
    fits = rows[(rows["milliseconds"] <= latency) & (rows["bytes_per_image"] <= size)]
    fits = fits.sort_values(["expected_percent", "milliseconds"], ascending=[False, True])
    columns = ("model", "search", "kind", "metric", "expected_percent", "milliseconds")
    columns += ("bytes_per_image", "closed_form")
    if fits.empty:
        nothing = dict.fromkeys(columns, "") | dict.fromkeys(columns[4:7], float("nan"))
        return nothing | dict(_runner_up(fits)) | {"why_not": _why_not(rows, latency, size)}
    best = fits.iloc[0]
    return best[list(columns)].to_dict() | dict(_runner_up(fits)) | {"why_not": ""}


def _runner_up(fits: pd.DataFrame) -> Iterator[tuple[str, object]]:
    others = fits[fits["model"] != fits["model"].iloc[0]] if len(fits) else fits
    other = others.iloc[0] if len(others) else None
    for column in ("model", "search"):
        yield f"runner_up_{column}", "" if other is None else other[column]
    for column in ("expected_percent", "milliseconds", "bytes_per_image"):
        yield f"runner_up_{column}", float("nan") if other is None else other[column]
    yield "clear", other is not None and bool(fits["low"].iloc[0] > other["high"])


def _why_not(rows: pd.DataFrame, latency: float, size: float) -> str:
    if rows.empty:
        return "not run"
    small, quick = rows["bytes_per_image"] <= size, rows["milliseconds"] <= latency
    one = "fast" if not quick.any() else "small" if not small.any() else "both fast and small"
    return f"none is {one} enough"
