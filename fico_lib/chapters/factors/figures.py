"""Figures of the chapter on factors."""

from itertools import product

import matplotlib
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.models.factor_parameters import INPUTS
from fico_lib.report.figure_style import COLOURS, GREY, MARKERS, STYLE, series

METRICS = ("R@1", "mAP@N")
LINES = {"regions": "-", "whole": "--", "": ":"}
NAMES = INPUTS | {"": "closed form"}


def drawn(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of `Comparison.cells` that have a place in the factorial."""
    return rows[rows["kind"].isin(["cell", "closed form"])]


@matplotlib.rc_context(STYLE)
def factorial(rows: pd.DataFrame) -> Figure:
    """Every cell over the code length: a colour per supervision, a line per inputs.

    rows: `drawn` of them; closed forms have no inputs, and no intervals are drawn for them.
    """
    figure, panels = plt.subplots(2, 2, figsize=(8, 6.4), sharex=True, sharey="row")
    lengths = sorted(set(rows["bits"]))
    supervisions = list(dict.fromkeys(rows["supervision"]))
    for line, metric in zip(panels, METRICS, strict=True):
        for panel, (direction, title) in zip(line, DIRECTIONS.items(), strict=True):
            here = rows[(rows["metric"] == metric) & (rows["direction"] == direction)]
            panel.axhline(here["chance_percent"].iloc[0], color=GREY, lw=1, ls=":", label="chance")
            shown = product(enumerate(supervisions), LINES)
            for (number, supervision), inputs in shown:
                part = here[(here["supervision"] == supervision) & (here["inputs"] == inputs)]
                part = part.sort_values("bits")
                if part.empty:
                    continue
                value = part["percent"]
                panel.errorbar(
                    [lengths.index(bits) for bits in part["bits"]],
                    value,
                    yerr=[value - part["low"], part["high"] - value] if inputs else None,
                    color=COLOURS[number],
                    marker=MARKERS[number] if inputs else "none",
                    ls=LINES[inputs],
                    lw=1.6 if inputs else 1,
                    capsize=2,
                    label=f"{supervision}, {NAMES[inputs]}",
                )
            panel.set_title(title, fontsize=10)
        line[0].set_ylabel(f"{metric} (%)")
    for panel in panels[-1]:
        panel.set_xticks(range(len(lengths)), [f"{b} bits" if b else "float" for b in lengths])
        panel.margins(x=0.12)
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    plt.close(figure)
    return figure


@matplotlib.rc_context(STYLE)
def effects(rows: pd.DataFrame, names: dict[tuple, str], everywhere: str) -> Figure:
    """Each difference at every choice of the other factors (dots), and on average (diamonds).

    rows: as `Comparison.effects`; names: (factor, level, than) -> what the difference is called;
    everywhere: the value of `at` in the rows of averages.
    """
    figure, panels = plt.subplots(
        1, len(METRICS), figsize=(8, 1.4 + 0.42 * len(names)), sharey=True
    )
    places = np.arange(len(names))[::-1]
    for panel, metric in zip(panels, METRICS, strict=True):
        panel.axvline(0, color=GREY, lw=1)
        for number, (direction, title) in enumerate(DIRECTIONS.items()):
            for place, key in zip(places + (0.15, -0.15)[number], names, strict=True):
                factor, one, other = key
                part = rows[
                    (rows["factor"] == factor)
                    & (rows["level"] == one)
                    & (rows["than"] == other)
                    & (rows["metric"] == metric)
                    & (rows["direction"] == direction)
                ]
                mean = part[part["at"] == everywhere].iloc[0]
                single = part.loc[part["at"] != everywhere, "gap_percent"]
                colour = series(number)["color"]
                panel.plot(single, [place] * len(single), "o", color=colour, ms=3, alpha=0.6)
                gap = mean["gap_percent"]
                panel.errorbar(
                    [gap], [place], xerr=[[gap - mean["low"]], [mean["high"] - gap]], fmt="D",
                    color=colour, ms=6, capsize=3, label=title if key == next(iter(names)) else "",
                )  # fmt: skip
        panel.set_xlabel(f"{metric}, points")
    panels[0].set_yticks(places, names.values())
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    plt.close(figure)
    return figure


@matplotlib.rc_context(STYLE)
def sweep(rows: pd.DataFrame) -> Figure:
    """R@1 over the detector's noise: a line per model, broken where places are not known.

    rows: noise, boxes, model, direction, percent, low, high.
    """
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.8), sharey=True)
    for panel, (direction, title) in zip(panels, DIRECTIONS.items(), strict=True):
        here = rows[rows["direction"] == direction]
        for (number, model), boxes in product(
            enumerate(dict.fromkeys(rows["model"])), dict.fromkeys(rows["boxes"])
        ):
            part = here[(here["model"] == model) & (here["boxes"] == boxes)].sort_values("noise")
            value, places = part["percent"], "known" if boxes == "all" else "unknown"
            look = series(number) | {"linestyle": "-" if boxes == "all" else "--"}
            whiskers = [value - part["low"], part["high"] - value]
            panel.errorbar(
                part["noise"],
                value,
                yerr=whiskers,
                capsize=3,
                label=f"{model}, places {places}",
                **look,
            )
        panel.set(title=title, xlabel="noise of the detector")
        panel.title.set_fontsize(10)
    panels[0].set_ylabel("R@1 (%)")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    plt.close(figure)
    return figure
