"""Rows of the chapter on factors: the cells of the factorial, and what each factor changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, product

import numpy as np
import pandas as pd

from fico_lib.chapters.factors.claims import OTHERS, PAIRS, REST
from fico_lib.chapters.factors.own import OWN_OUT, own_out
from fico_lib.chapters.factors.parameters import COUNTERPARTS, FactorsChapter
from fico_lib.encodings import Encodings
from fico_lib.evaluation import EvaluationResult, evaluate
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.metrics.resampling import Estimate
from fico_lib.models.factor_parameters import FactorParameters
from fico_lib.report.reference_rows import RANDOM, random_scorer
from fico_lib.report.runs import Runs
from fico_lib.runtime.errors import InputError

METRICS = ("R@1", "R@10", "mAP@10", "mAP@N")
DEPTH = 10  # k of R@10 and mAP@10
FACTORS = ("supervision", "bits", "inputs")
EVERYWHERE = "all"  # of an effect: the mean over all that the other factors may be
CHOSEN_BY = {"pairs": "R@1", "labels": "mAP@N"}  # of what validation chooses weights by


@dataclass(frozen=True)
class Comparison:
    """The evaluated cells of one run, as tidy tables.

    cells: one row per cell, counterpart, closed form and random scorer, direction and metric:
    percent with its 95 % interval over images and seeds, and the chance level; supervision, bits
    (0: float) and inputs are empty where an entry has none; effects: paired differences between
    two levels of one factor, at each choice of the others, and their mean (`at` is EVERYWHERE);
    parts: of the difference in R@1 between the cell like ADV and those like UCCH and DADH, of 64
    bits, the parts that the objective and the inputs make, each a mean over both orders of change;
    counterparts: a model minus the cell like it; own: mAP@10 with own items among the candidates
    and without; closed: a cell minus the closed form of its objective and code length, in what
    its weights are chosen by; runs: what claims are tested on.
    asked: all cells, in order; sizes: images and captions of the test split; seeds: trainings of
    each cell.
    """

    cells: pd.DataFrame
    effects: pd.DataFrame
    parts: pd.DataFrame
    counterparts: pd.DataFrame
    own: pd.DataFrame
    closed: pd.DataFrame
    runs: Runs
    asked: list[str]
    sizes: tuple[int, int]
    seeds: int

    @property
    def missing(self) -> list[str]:
        """The cells that were not run, because no weights of theirs are released."""
        return [name for name in self.asked if not self.runs.has(name)]


def named(encodings: Sequence[Encodings], parameters: FactorsChapter) -> dict[str, list[Encodings]]:
    """The encodings of each seed by name, as in `parameters.factorial()`; the sweep is left out.

    encodings: those of `parameters.requests()`.
    """
    waiting = iter(encodings)
    return {
        name: [next(waiting) for _ in requests] for name, requests in parameters.factorial().items()
    }


def compare(
    encodings: Sequence[Encodings], test: FeatureSplit, parameters: FactorsChapter
) -> Comparison:
    """Evaluate the factorial, its counterparts and the closed forms.

    encodings: those of `parameters.requests()`; test: what they encode. Raises InputError where
    there are fewer candidates than R@10 and mAP@10 need.
    """
    p, labels, made = parameters, np.array(test.labels), named(encodings, parameters)
    cells, closed = p.cells(), p.closed_forms()
    one = next(iter(made.values()))[0]
    if min(one.n_images, one.n_captions) <= DEPTH:
        raise InputError(
            f"the test split has {one.n_images} images and {one.n_captions} captions; expected "
            f"more than {DEPTH} of each"
        )
    rank = partial(
        evaluate, labels=labels, recall_at=(1, DEPTH), map_at=(DEPTH, "all"), empty="skip",
        ties=p.ties, device=p.device,
    )  # fmt: skip
    results = {name: [rank(e) for e in each] for name, each in made.items()}
    results[RANDOM] = [rank(random_scorer(one.n_images, one.image_of_caption))]
    about = {name: _about(name, cells, closed) for name in results}
    apart = own_out(made, labels, p.ties, p.device)
    results |= {name + OWN_OUT: each for name, each in apart.items()}
    weights = {name + OWN_OUT: name for name in apart}
    runs = Runs(results, one.n_images, p.resamples, trained_as=weights)
    ran = {name: cell for name, cell in cells.items() if name in made}
    return Comparison(
        cells=pd.DataFrame(_cell_rows(runs, about)),
        effects=pd.DataFrame(_effect_rows(runs, ran), columns=EFFECT_COLUMNS),
        parts=pd.DataFrame(_part_rows(runs), columns=PART_COLUMNS),
        counterparts=pd.DataFrame(_counterpart_rows(runs, ran), columns=COUNTERPART_COLUMNS),
        own=pd.DataFrame(_own_rows(runs, ran), columns=OWN_COLUMNS),
        closed=pd.DataFrame(_closed_rows(runs, ran, about), columns=CLOSED_COLUMNS),
        runs=runs,
        asked=list(cells),
        sizes=(one.n_images, one.n_captions),
        seeds=len(p.seeds),
    )


ENDS = ["low", "high"]
PLACE = ["direction", "metric"]
EFFECT_COLUMNS = ["factor", "level", "than", "at", "cells", *PLACE, "gap_percent", *ENDS]
PART_COLUMNS = ["than", "part", *PLACE, "gap_percent", *ENDS]
COUNTERPART_COLUMNS = ["model", "cell", *PLACE, "gap_percent", *ENDS]
OWN_COLUMNS = ["cell", "own", *PLACE, "percent", *ENDS]
CLOSED_COLUMNS = ["cell", "than", *PLACE, "gap_percent", *ENDS]


def _about(name: str, cells: dict[str, FactorParameters], closed: dict) -> dict:
    """What kind an entry is of, and its levels of the factors, empty where it has none."""
    if name in cells:
        return {"kind": "cell"} | {factor: getattr(cells[name], factor) for factor in FACTORS}
    if name in closed:
        supervision, bits = closed[name]
        return {"kind": "closed form", "supervision": supervision, "bits": bits, "inputs": ""}
    return {"kind": "random" if name == RANDOM else "model"} | dict.fromkeys(FACTORS, "")


def _cell_rows(runs: Runs, about: dict[str, dict]) -> Iterator[dict]:
    for (name, facts), direction, metric in product(about.items(), DIRECTIONS, METRICS):
        row = {"name": name} | facts | {"direction": direction, "metric": metric}
        row |= runs.estimate(name, direction, metric).columns("percent")
        yield row | {"chance_percent": _chance(runs.results[name][0], direction, metric)}


def _chance(result: EvaluationResult, direction: str, metric: str) -> float:
    by_task = result.category if metric.startswith("mAP") else result.instance
    return by_task[direction].chance[metric]


def _effect_rows(runs: Runs, cells: dict[str, FactorParameters]) -> Iterator[dict]:
    for factor in FACTORS:
        levels = list(dict.fromkeys(getattr(cell, factor) for cell in cells.values()))
        for level, than in combinations(levels, 2):
            matched = list(_matched(cells, factor, level, than))
            for direction, metric in product(DIRECTIONS, METRICS) if matched else ():
                about = {"factor": factor, "level": level, "than": than}
                place = {"direction": direction, "metric": metric}
                estimates = [_gap(runs, a, b, direction, metric) for a, b, _ in matched]
                for (*_, at), one in zip(matched, estimates, strict=True):
                    yield about | {"at": at, "cells": 1} | place | one.columns("gap_percent")
                count, total = len(estimates), sum(estimates[1:], start=estimates[0])
                # The interval of a mean is that of the sum, scaled.
                mean = {k: v / count for k, v in total.columns("gap_percent").items()}
                yield about | {"at": EVERYWHERE, "cells": count} | place | mean


def _matched(
    cells: dict[str, FactorParameters], factor: str, level: object, than: object
) -> Iterator[tuple[str, str, str]]:
    """Pairs of cells that differ in one factor alone: (the one, the other, what they share)."""
    for name, cell in cells.items():
        if getattr(cell, factor) != level:
            continue
        other = cell.model_copy(update={factor: than}).variant
        if other in cells:
            shared = [part for part in name.split(", ") if part in other.split(", ")]
            yield name, other, ", ".join(shared)


def _gap(runs: Runs, a: str, b: str, direction: str, metric: str) -> Estimate:
    return runs.estimate(a, direction, metric) - runs.estimate(b, direction, metric)


def _part_rows(runs: Runs) -> Iterator[dict]:
    for other, direction in product(OTHERS, DIRECTIONS):
        pr, pw = PAIRS["regions"], PAIRS["whole"]
        cr, cw = REST[other, "regions"], REST[other, "whole"]
        if not runs.has(pr, pw, cr, cw):
            continue
        steps = {"objective": ((pr, cr), (pw, cw)), "inputs": ((pr, pw), (cr, cw))}
        for part, (first, second) in steps.items():
            both = _gap(runs, *first, direction, "R@1") + _gap(runs, *second, direction, "R@1")
            place = {"than": other, "part": part, "direction": direction, "metric": "R@1"}
            yield place | {name: v / 2 for name, v in both.columns("gap_percent").items()}


def _counterpart_rows(runs: Runs, cells: dict[str, FactorParameters]) -> Iterator[dict]:
    by_levels = {(c.supervision, c.bits, c.inputs): name for name, c in cells.items()}
    for model, levels in COUNTERPARTS.items():
        cell = by_levels.get(levels)
        if cell is None or not runs.has(model):
            continue
        for direction, metric in product(DIRECTIONS, METRICS):
            gap = _gap(runs, model, cell, direction, metric).columns("gap_percent")
            yield {"model": model, "cell": cell, "direction": direction, "metric": metric} | gap


def _own_rows(runs: Runs, cells: dict[str, FactorParameters]) -> Iterator[dict]:
    metric = f"mAP@{DEPTH}"
    for name, direction in product(cells, DIRECTIONS):
        for own, entry in (("in", name), ("out", name + OWN_OUT)):
            if runs.has(name + OWN_OUT):
                value = runs.estimate(entry, direction, metric).columns("percent")
                place = {"direction": direction, "metric": metric}
                yield {"cell": name, "own": own} | place | value


def _closed_rows(
    runs: Runs, cells: dict[str, FactorParameters], about: dict[str, dict]
) -> Iterator[dict]:
    closed = {
        (facts["supervision"], facts["bits"]): name
        for name, facts in about.items()
        if facts["kind"] == "closed form"
    }
    for (name, cell), direction in product(cells.items(), DIRECTIONS):
        than = closed.get((cell.supervision, cell.bits))
        if than is not None:
            metric = CHOSEN_BY[cell.supervision]
            gap = _gap(runs, name, than, direction, metric).columns("gap_percent")
            yield {"cell": name, "than": than, "direction": direction, "metric": metric} | gap
