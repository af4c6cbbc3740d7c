"""Rows of the detector sweep: what cross-attention gains on regions of other quality."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pandas as pd

from fico_lib.chapters.factors.parameters import SWEPT, FactorsChapter
from fico_lib.encodings import Encodings
from fico_lib.evaluation import evaluate
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report.runs import Runs

METRIC = "R@1"
PLACE = ["noise", "boxes"]
ENDS = ["low", "high"]


@dataclass(frozen=True)
class Sweep:
    """Both models on every detector, as tidy tables; without rows where nothing was swept.

    sweep: percent per noise, boxes, model and direction; sweep_gaps: the model with attention minus
    the one without, `than` being "" there; and, at the largest noise, that difference minus the
    one at the smallest noise, which `than` then is. Intervals are of 95 %, over images and seeds.
    """

    sweep: pd.DataFrame
    sweep_gaps: pd.DataFrame


def study(encodings: Sequence[Encodings], parameters: FactorsChapter) -> Sweep:
    """Evaluate the sweep; encodings: those of `parameters.requests()`, whose last are its own."""
    asked = parameters.sweep()
    count = sum(map(len, asked.values()))
    waiting = iter(encodings[len(encodings) - count :])
    results = {
        _name(*place): [_judged(next(waiting), parameters) for _ in requests]
        for place, requests in asked.items()
    }
    runs = Runs(results, encodings[0].n_images, parameters.resamples)
    return Sweep(
        pd.DataFrame(
            _rows(runs, asked), columns=[*PLACE, "model", "direction", "metric", "percent", *ENDS]
        ),
        pd.DataFrame(
            _gap_rows(runs, parameters),
            columns=[*PLACE, "than", "direction", "metric", "gap_percent", *ENDS],
        ),
    )


def _name(noise: float, boxes: str, model: str) -> str:
    return f"{model}, noise {noise:g}, boxes {boxes}"


def _judged(encodings: Encodings, p: FactorsChapter):
    return evaluate(encodings, tasks="instance", recall_at=1, ties=p.ties, device=p.device)


def _rows(runs: Runs, asked) -> Iterator[dict]:
    for place, direction in product(asked, DIRECTIONS):
        noise, boxes, model = place
        yield {
            "noise": noise,
            "boxes": boxes,
            "model": model,
            "direction": direction,
            "metric": METRIC,
        } | runs.estimate(_name(*place), direction, METRIC).columns("percent")


def _gap_rows(runs: Runs, p: FactorsChapter) -> Iterator[dict]:
    without, attending = SWEPT
    noises = sorted(p.noises)
    for boxes, direction in product(p.boxes if noises else (), DIRECTIONS):
        gains = {
            noise: runs.estimate(_name(noise, boxes, attending), direction, METRIC)
            - runs.estimate(_name(noise, boxes, without), direction, METRIC)
            for noise in noises
        }
        place = {"boxes": boxes, "direction": direction, "metric": METRIC}
        for noise, gain in gains.items():
            yield {"noise": noise, "than": ""} | place | gain.columns("gap_percent")
        if len(noises) > 1:
            growth = gains[noises[-1]] - gains[noises[0]]
            ends = {"noise": noises[-1], "than": f"{noises[0]:g}"}
            yield ends | place | growth.columns("gap_percent")


def read(folder: Path) -> tuple[Sweep, dict] | None:
    """A recorded sweep and its run.json; None where that run swept nothing."""
    tables = {}
    for name, kinds in (("sweep", {}), ("sweep_gaps", {"than": str})):
        rows = pd.read_csv(folder / f"{name}.csv", dtype=kinds)
        tables[name] = rows.fillna(dict.fromkeys(kinds, ""))  # CSV reads "" as missing
    run = json.loads((folder / "run.json").read_text())
    return None if tables["sweep"].empty else (Sweep(**tables), run)
