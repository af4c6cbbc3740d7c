"""What a reader of the chapter on factors sees: tables and sentences."""

from collections.abc import Iterator

from fico_lib.chapters.factors.parameters import SWEPT, FactorsChapter
from fico_lib.chapters.factors.results import EVERYWHERE, METRICS, Comparison
from fico_lib.chapters.factors.sweep import Sweep
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.models.factor_parameters import INPUTS
from fico_lib.report.reference_rows import RANDOM
from fico_lib.report.table import Table, Text, bullets, interval_of, signed
from fico_lib.report.wide_table import by_direction, wide_table

CLOSED = "whole image, words"  # what the closed forms read
NOT_RUN = "not run"
FACTOR_NAMES = {"supervision": "objective", "bits": "code length", "inputs": "inputs"}
TASKS = {"R@1": "finding the instance (R@1)", "mAP@N": "finding the category (mAP@N)"}


def level(factor: str, value: object) -> str:
    """What a level of a factor is called.

    >>> level("bits", 0), level("bits", 64), level("inputs", "whole")
    ('float', '64 bits', 'whole image + document')
    """
    if factor == "bits":
        return f"{value} bits" if value else "float"
    return INPUTS.get(str(value), str(value))


def facts_of_the_task(compared: Comparison) -> Text:
    """How large the task is, over how many trainings, and which cells were not run."""
    images, captions = compared.sizes
    trainings = "one training" if compared.seeds == 1 else f"{compared.seeds} trainings"
    return bullets(
        [
            f"{images:,} images and {captions:,} captions, all of them candidates; {trainings} of "
            "each cell.",
            "Brackets: 95 % intervals over images"
            + ("." if compared.seeds == 1 else " and trainings.")
            + " Ties count as expected over random orders; AP is divided by the hits in the list.",
            *_missing(compared),
        ]
    )


def _missing(compared: Comparison) -> Iterator[str]:
    if compared.missing:
        yield (
            f"**Not run**, for want of released weights: {'; '.join(compared.missing)}. "
            "`fico checkpoints` trains them; so does `fico run factors -p weights=train`."
        )


def cells(compared: Comparison) -> Table:
    """Every cell of the factorial, the closed forms of the same supervision, and chance."""
    rows = compared.cells.set_index(["name", "direction", "metric"])
    lines: dict[str, tuple[str, str, str]] = {}
    known = compared.cells.drop_duplicates("name")
    for row in known[known["kind"].isin(["cell", "closed form"])].itertuples():
        inputs = level("inputs", row.inputs) if row.inputs else CLOSED
        how = row.supervision if row.kind == "cell" else row.name.split(",")[0]
        lines[row.name] = how, inputs, level("bits", row.bits)
    for name in compared.missing:
        supervision, bits, inputs = name.split(", ")
        lines[name] = supervision, inputs, bits
    lines[RANDOM] = "chance", "", ""

    def cell(name: str, *place: str) -> str:
        if name in compared.missing:
            return NOT_RUN
        row = rows.loc[(name, *place)]
        return f"{row['chance_percent']:.1f}" if name == RANDOM else interval_of(row)

    return wide_table(
        lines,
        by_direction(METRICS),
        cell,
        "The cells of the factorial and, after them, closed forms that nothing is trained for, "
        "percent with 95 % intervals.",
        labels=("objective", "inputs", "code"),
    )


def effects(compared: Comparison) -> Table:
    """What each factor changes on average over all that the others may be."""
    keys = ["factor", "level", "than", "cells"]
    means = compared.effects[compared.effects["at"] == EVERYWHERE]
    lines = {
        key: (FACTOR_NAMES[key[0]], f"{level(*key[:2])} - {level(key[0], key[2])}", str(key[3]))
        for key in means[keys].drop_duplicates().itertuples(index=False, name=None)
    }
    rows = means.set_index([*keys, "direction", "metric"])
    return wide_table(
        lines,
        by_direction(METRICS),
        lambda *key: signed(rows.loc[key], between="\n"),
        "What each factor changes while the other two stay, in points with 95 % paired intervals: "
        "the mean over pairs of cells that differ in nothing else.",
        labels=("factor", "difference", "pairs of cells"),
    )


def effect_names(compared: Comparison) -> dict[tuple, str]:
    """(factor, level, than) of every difference between levels -> what it is called."""
    keys = compared.effects[["factor", "level", "than"]].drop_duplicates()
    return {
        key: f"{FACTOR_NAMES[key[0]]}:\n{level(*key[:2])} - {level(key[0], key[2])}"
        for key in keys.itertuples(index=False, name=None)
    }


def effects_in_words(compared: Comparison) -> Text:
    """Which factor changes each task most, and where its effect depends on the others."""
    return bullets(list(_effect_sentences(compared)))


def _effect_sentences(compared: Comparison) -> Iterator[str]:
    for metric, task in TASKS.items():
        rows = compared.effects[compared.effects["metric"] == metric]
        means = rows[rows["at"] == EVERYWHERE]
        if means.empty:
            continue
        largest = means.loc[means["gap_percent"].abs().idxmax()]
        factor = largest["factor"]
        yield (
            f"What changes {task} most is the **{FACTOR_NAMES[factor]}**: "
            f"{level(factor, largest['level'])} against {level(factor, largest['than'])}, "
            f"{DIRECTIONS[largest['direction']]}, {signed(largest)} points, all else equal."
        )
        for other in (name for name in FACTOR_NAMES if name != factor):
            part = means[means["factor"] == other]
            if len(part):
                most = part.loc[part["gap_percent"].abs().idxmax()]
                yield (
                    f"The {FACTOR_NAMES[other]} changes {metric} by {signed(most)} points at most "
                    f"({level(other, most['level'])} against {level(other, most['than'])}, "
                    f"{DIRECTIONS[most['direction']]})."
                )
    yield from _turns(compared)


def _turns(compared: Comparison) -> Iterator[str]:
    """Where an effect has clearly one sign in one place and clearly the other elsewhere."""
    single = compared.effects[compared.effects["at"] != EVERYWHERE]
    keys = ["factor", "level", "than", "direction", "metric"]
    for key, part in single.groupby(keys, sort=False):
        factor, one, other, direction, metric = key
        if metric in TASKS and (part["low"] > 0).any() and (part["high"] < 0).any():
            ends = [part.loc[part["gap_percent"].idxmax()], part.loc[part["gap_percent"].idxmin()]]
            yield (
                f"An interaction turns a sign: {level(factor, one)} against {level(factor, other)} "
                f"changes {metric} ({DIRECTIONS[direction]}) by "
                + " but ".join(f"{signed(end)} at {end['at']}" for end in ends)
                + "."
            )


def counterparts(compared: Comparison) -> Table | Text:
    """The models of the book minus the cells that have their objective, bits and inputs."""
    if compared.counterparts.empty:
        return Text("None of the cells that were run has a counterpart among the models.")
    rows = compared.counterparts.set_index(["model", "cell", "direction", "metric"])
    pairs = compared.counterparts[["model", "cell"]].drop_duplicates()
    lines = {pair: pair for pair in pairs.itertuples(index=False, name=None)}
    return wide_table(
        lines,
        by_direction(METRICS),
        lambda *key: signed(rows.loc[key], between="\n"),
        "Each model of the book minus the cell like it, in points: what its further parts do.",
        labels=("model", "cell"),
    )


def own(compared: Comparison) -> Table | Text:
    """mAP@10 with own items among the candidates, and without."""
    if compared.own.empty:
        return Text("Not run: none of the cells that stand for the paper's kinds is there.")
    rows = compared.own.set_index(["cell", "direction", "own"])
    columns = {
        (d, o): (DIRECTIONS[d], f"own {o}") for d in DIRECTIONS for o in ("in", "out")
    }  # fmt: skip
    return wide_table(
        {name: name for name in compared.own["cell"].unique()},
        columns,
        lambda *key: interval_of(rows.loc[key]),
        "mAP@10, percent, with an image's own captions (a caption's own image) among the "
        "candidates, and without.",
        labels=("cell",),
    )


def swept(sweep: Sweep) -> Table:
    """R@1 of both models on every detector, and what attention gains."""
    rows = sweep.sweep.set_index(["noise", "boxes", "direction", "model"])
    gaps = sweep.sweep_gaps[sweep.sweep_gaps["than"] == ""]
    gains = gaps.set_index(["noise", "boxes", "direction"])
    without, attending = SWEPT
    gain = f"{attending} - {without}"

    def cell(noise: float, boxes: str, direction: str, what: str) -> str:
        if what == gain:
            return signed(gains.loc[(noise, boxes, direction)], between="\n")
        return interval_of(rows.loc[(noise, boxes, direction, what)])

    places = sweep.sweep[["boxes", "noise"]].drop_duplicates()
    lines = {(n, b): (_known(b), f"{n:g}") for b, n in places.itertuples(index=False, name=None)}
    return wide_table(
        lines,
        by_direction([*SWEPT, gain]),
        cell,
        "R@1 on detectors of other noise, percent, and the gain in points, with 95 % intervals.",
        labels=("models know where a region is", "noise"),
    )


def _known(boxes: str) -> str:
    return "both" if boxes == "all" else "neither"


def swept_in_words(sweep: Sweep) -> Text:
    """How the gain of attention changes from the best detector to the worst."""
    return bullets(list(_sweep_sentences(sweep)))


def _sweep_sentences(sweep: Sweep) -> Iterator[str]:
    grown = sweep.sweep_gaps[sweep.sweep_gaps["than"] != ""]
    for boxes, part in grown.groupby("boxes", sort=False):
        changes = [f"{DIRECTIONS[row['direction']]} {signed(row)}" for _, row in part.iterrows()]
        first = part.iloc[0]
        if (part["low"] > 0).all():
            verdict = "is larger on the noisier detector"
        elif (part["high"] < 0).all():
            verdict = "is smaller on the noisier detector"
        else:
            verdict = "does not clearly change with the detector"
        yield (
            f"Where {_known(boxes)} of the models know the places of regions, what attention gains "
            f"at R@1 {verdict}: from noise {first['than']} to {first['noise']:g} by "
            f"{', '.join(changes)} points."
        )


def provenance(run: dict, parameters: FactorsChapter) -> Text:
    """Where a recorded sweep comes from, beside this run's parameters."""
    own, machine = run["parameters"], run["machine"]
    here = parameters.model_dump(mode="json")
    other = [name for name in ("data", "features", "training") if own[name] != here[name]]
    return Text(
        f"*Recorded*, not computed with this page: profile {run['profile'] or 'of its own'}, "
        f"{run['started'][:10]}, {machine['processor']}, {machine['cores']} cores, commit "
        f"{run['commit'] or 'unknown'}, seeds {', '.join(map(str, own['seeds']))}"
        + (f"; its {' and '.join(other)} differ from this run's." if other else ".")
    )


def not_swept() -> Text:
    """What to do where nothing was swept and nothing is recorded."""
    return Text(
        "**Not run.** Every point of the sweep is a detector and two models that are trained to a "
        "plateau: minutes to an hour each. "
        '`fico run factors -p "noises=[0, 0.5, 1, 2]"` runs it.'
    )


def takeaways(compared: Comparison, sweep: Sweep) -> Text:
    """The chapter's findings in sentences, computed from its rows."""
    found = [*_effect_sentences(compared), *_missing(compared), *_sweep_sentences(sweep)]
    return bullets(found or ["Too few cells were run to compare any two."])
