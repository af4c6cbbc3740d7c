"""What a reader of the chapter on factors sees of the factorial: tables and sentences."""

from collections.abc import Iterator

import pandas as pd

from fico_lib.chapters.factors.results import EVERYWHERE, METRICS, Comparison
from fico_lib.chapters.factors.sweep import Sweep
from fico_lib.chapters.factors.sweep_tables import sweep_sentences
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.models.factor_parameters import INPUTS
from fico_lib.report.reference_rows import RANDOM
from fico_lib.report.table import Table, Text, bullets, interval_of, signed
from fico_lib.report.wide_table import by_direction, wide_table

CLOSED = "whole, words"  # what the closed forms read
NOT_RUN = "not run"
FACTOR_NAMES = {"supervision": "objective", "bits": "code length", "inputs": "inputs"}
TASKS = {"R@1": "finding the instance", "mAP@N": "finding the category"}


def level(factor: str, value: object) -> str:
    """What a level of a factor is called.

    >>> level("bits", 0), level("bits", 64), level("inputs", "whole")
    ('float', '64 bits', 'whole')
    """
    return f"{value} bits" if factor == "bits" and value else str(value or "float")


def facts_of_the_task(compared: Comparison) -> Text:
    """How large the task is, over how many trainings, and which cells were not run."""
    images, captions = compared.sizes
    one = compared.seeds == 1
    trainings = "one training" if one else f"{compared.seeds} trainings"
    over = "images" if one else "images and trainings"
    return bullets(
        [
            f"{images:,} images and {captions:,} captions, all of them candidates; {trainings} of "
            "each cell.",
            f"Brackets: 95 % intervals over {over}. Ties count as expected over random orders; AP "
            "is divided by the hits in the list; queries without a label are left out of mAP.",
            *_missing(compared),
        ]
    )


def _missing(compared: Comparison) -> Iterator[str]:
    if compared.missing:
        yield (
            f"**Not run** for want of released weights: {len(compared.missing)} of "
            f"{len(compared.asked)} cells. `fico checkpoints` trains them, and so does `fico run "
            "factors -p weights=train`."
        )


def cells(compared: Comparison) -> Table:
    """Every cell of the factorial, the closed forms of the same objective, and chance."""
    rows = compared.cells.set_index(["name", "direction", "metric"])
    known = compared.cells.drop_duplicates("name")
    closed = known[known["kind"] == "closed form"].sort_values("bits")
    lines: dict[str, tuple[str, ...]] = {}
    for supervision in dict.fromkeys(name.split(", ")[0] for name in compared.asked):
        for name in compared.asked:
            objective, bits, inputs = name.split(", ")
            if objective == supervision:
                lines[name] = objective, _short(inputs), bits
        for row in closed[closed["supervision"] == supervision].itertuples():
            lines[row.name] = row.name.split(",")[0], CLOSED, level("bits", row.bits)
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
        "The cells of the factorial and, below each objective, the closed forms of it that nothing "
        "is trained for; percent with 95 % intervals.",
        labels=("objective", "inputs", "code"),
    )


def _short(inputs: str) -> str:
    """The level of the inputs that a cell's name spells out."""
    return next(level for level, name in INPUTS.items() if name == inputs)


def closed_in_words(compared: Comparison) -> Text:
    """How many cells are above, and how many below, the closed form of their objective."""
    rows = compared.closed
    if rows.empty:
        return Text("None of the cells that were run has a closed form beside it.")
    ends = rows.groupby("cell").agg(
        low=("low", "min"), high=("high", "max"), lowest=("high", "min")
    )
    below = list(ends.index[ends["lowest"] < 0])
    return Text(
        f"Of {len(ends)} cells that have a closed form of their objective and code length beside "
        f"them, {(ends['low'] > 0).sum()} are above it in both directions in what their weights "
        f"are chosen by (R@1 under pairs, mAP@N under labels), beyond the uncertainty, and "
        f"{len(below)} are below it in one direction or both"
        + (
            f": {'; '.join(below)}. Of the objectives of these the cells say little."
            if below
            else "."
        )
    )


def effects(compared: Comparison) -> Table | Text:
    """What each factor changes on average over all that the others may be."""
    if compared.effects.empty:
        return Text("Not run: no two of the cells that are there differ in one factor alone.")
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


def _largest(compared: Comparison, metric: str) -> pd.DataFrame:
    """The largest mean difference of each factor, the factor that changes most first."""
    rows = compared.effects
    rows = rows[(rows["metric"] == metric) & (rows["at"] == EVERYWHERE)]
    order = rows["gap_percent"].abs().sort_values(ascending=False, kind="stable").index
    return rows.loc[order].drop_duplicates("factor")


def _depends(compared: Comparison) -> Iterator[str]:
    """Which factor each task depends on most, in plain words."""
    if compared.effects.empty:
        yield "Too few cells were run to compare any two."
        return
    first = {m: FACTOR_NAMES[_largest(compared, m)["factor"].iloc[0]] for m in TASKS}
    instance, category = (f"{TASKS[m]} depends most on the **{first[m]}**" for m in TASKS)
    yield f"Of what is varied here, {instance}, and {category}."


def _sizes(compared: Comparison) -> Iterator[str]:
    """The largest mean difference of each factor, a sentence for each task."""
    for metric, task in TASKS.items():
        parts = [
            f"by {signed(row)} points between {level(row['factor'], row['level'])} and "
            f"{level(row['factor'], row['than'])} ({FACTOR_NAMES[row['factor']]}, "
            f"{DIRECTIONS[row['direction']]})"
            for _, row in _largest(compared, metric).iterrows()
        ]
        if parts:
            yield f"All else equal, {task} ({metric}) changes {'; '.join(parts)}."


def effects_in_words(compared: Comparison) -> Text:
    """What each factor changes at most, and where the sign depends on the other factors."""
    return bullets([*_depends(compared), *_sizes(compared), *_turns(compared)])


def _turns(compared: Comparison) -> Iterator[str]:
    """Where an effect has clearly one sign in one place and clearly the other elsewhere."""
    single = compared.effects[compared.effects["at"] != EVERYWHERE]
    keys = ["factor", "level", "than", "direction", "metric"]
    for key, part in single.groupby(keys, sort=False):
        factor, one, other, direction, metric = key
        if metric in TASKS and (part["low"] > 0).any() and (part["high"] < 0).any():
            ends = [part.loc[part["gap_percent"].idxmax()], part.loc[part["gap_percent"].idxmin()]]
            yield (
                f"The sign turns: {level(factor, one)} against {level(factor, other)} changes "
                f"{metric} ({DIRECTIONS[direction]}) by "
                + " but ".join(f"{signed(end)} at {end['at']}" for end in ends)
                + "."
            )


def parts(compared: Comparison) -> Table | Text:
    """What of the difference in R@1 the objective makes, and what the inputs."""
    if compared.parts.empty:
        return Text("Not run: the four cells that this needs are not there.")
    rows = compared.parts.set_index(["than", "direction", "part"])
    columns = {(d, p): (DIRECTIONS[d], p) for d in DIRECTIONS for p in ("objective", "inputs")}
    return wide_table(
        {other: f"pairs, regions - {other}, whole" for other in compared.parts["than"].unique()},
        columns,
        lambda *key: signed(rows.loc[key], between="\n"),
        "Codes of 64 bits: what of the difference in R@1 each of the two makes, in points.",
        labels=("difference",),
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
    columns = {(d, o): (DIRECTIONS[d], f"own {o}") for d in DIRECTIONS for o in ("in", "out")}
    return wide_table(
        {name: name for name in compared.own["cell"].unique()},
        columns,
        lambda *key: interval_of(rows.loc[key]),
        "mAP@10, percent, with an image's own captions (a caption's own image) among the "
        "candidates, and without.",
        labels=("cell",),
    )


def takeaways(compared: Comparison, sweep: Sweep) -> Text:
    """The chapter's findings in sentences, computed from its rows."""
    turns = len(list(_turns(compared)))
    found = [*_depends(compared), *_sizes(compared)]
    if turns:
        found.append(
            f"A main effect is not the whole story: of {turns} "
            f"{'differences' if turns > 1 else 'difference'} the sign depends on the other factors."
        )
    return bullets([*found, *_missing(compared), *sweep_sentences(sweep)])
