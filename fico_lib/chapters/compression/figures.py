"""Figures of the chapter on compression."""

import matplotlib
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from fico_lib.chapters.compression.results import Ladder
from fico_lib.chapters.compression.times import alike
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report.figure_style import COLOURS, GREY, MARKERS, STYLE, series
from fico_lib.report.reference_rows import name_of
from fico_lib.search.compress import Compression
from fico_lib.search.compress.setting import RESCORINGS
from fico_lib.search.metrics import front

SHOWN = ("R@1", "mAP@N")
FAMILIES = ("float32", "float16", "int8", "RaBitQ", "signs")
COSTS = {"kept_bytes": "bytes kept of an item", "ms": "ms per query, one thread"}
DIRECTION = "t2i"


def family(quantizer: str) -> str:
    """The family of a quantizer.

    >>> family("rabitq4"), family("sign-mean"), family("int8")
    ('RaBitQ', 'signs', 'int8')
    """
    if quantizer.startswith("rabitq"):
        return "RaBitQ"
    return "signs" if quantizer.startswith("sign") else quantizer


@matplotlib.rc_context(STYLE)
def pareto(found: Ladder, times: pd.DataFrame, model: str) -> Figure:
    """Quality against bytes and against time: every setting of a model, and the front.

    Colours: quantizers; marks: what is rescored; hollow: fewer dimensions; crosses: learnt codes.
    """
    figure, panels = plt.subplots(2, 2, figsize=(8, 7), sharey="row")
    clock = times.set_index("setting")["ms"].to_dict()
    rows = found.grid[(found.grid["model"] == model) & (found.grid["direction"] == DIRECTION)]
    rows = rows.assign(ms=[_ms(setting, clock) for setting in rows["setting"]])
    for line, metric in zip(panels, SHOWN, strict=True):
        here = rows[rows["metric"] == metric]
        for panel, (cost, name) in zip(line, COSTS.items(), strict=True):
            _points(panel, here.dropna(subset=cost), cost)
            if cost == "kept_bytes":
                _codes(panel, found.codes, metric)
            panel.set_xscale("log")
            panel.xaxis.set_minor_formatter(NullFormatter())
            panel.set_xlabel(name)
        line[0].set_ylabel(f"{metric} (%), {DIRECTIONS[DIRECTION]}")
    figure.legend(
        *_legend(rows, found.codes, model), loc="outside lower center", ncols=3, fontsize=8
    )
    plt.close(figure)
    return figure


def _ms(setting: str, clock: dict[str, float]) -> float:
    return clock.get(str(alike(Compression.parse(setting))), np.nan)


def _points(panel, rows: pd.DataFrame, cost: str) -> None:
    for row in rows.itertuples():
        colour = COLOURS[FAMILIES.index(family(row.quantizer))]
        panel.plot(
            getattr(row, cost), row.percent, MARKERS[list(RESCORINGS).index(row.rescoring)],
            color=colour, mfc="none" if row.reduction else colour, ms=5, alpha=0.8,
        )  # fmt: skip
    best = front(rows, cost, "percent")
    panel.step(best[cost], best["percent"], where="post", color=GREY, lw=1)


def _codes(panel, codes: pd.DataFrame, metric: str) -> None:
    rows = codes[(codes["metric"] == metric) & (codes["direction"] == DIRECTION)]
    for number, row in enumerate(rows.itertuples()):
        panel.plot(row.kept_bytes, row.percent, "x+1|"[number % 4], color="#000000", ms=8)


def _legend(rows: pd.DataFrame, codes: pd.DataFrame, model: str) -> tuple[list, list[str]]:
    def mark(marker: str, colour: str = GREY, **more):
        return plt.Line2D([], [], ls="", marker=marker, color=colour, **more)

    there = {family(name) for name in rows["quantizer"]}
    shown = {name: mark("o", COLOURS[i]) for i, name in enumerate(FAMILIES) if name in there}
    for i, (name, words) in enumerate(RESCORINGS.items()):
        if name in set(rows["rescoring"]):
            shown[f"rescored by {words}" if name else "not rescored"] = mark(MARKERS[i])
    if (rows["reduction"] != "").any():
        shown["fewer dimensions"] = mark("o", mfc="none")
    shown |= {
        f"{name_of(name)}, learnt code": mark("x+1|"[i % 4], "#000000")
        for i, name in enumerate(codes["model"].unique())
    }
    shown[f"front of {name_of(model)}"] = plt.Line2D([], [], color=GREY, lw=1)
    return list(shown.values()), list(shown)


@matplotlib.rc_context(STYLE)
def offsets(found: Ladder) -> Figure:
    """R@10 over the offset between the sides: a line for each centring."""
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.6), sharey=True)
    rows = found.offsets[found.offsets["metric"] == "R@10"]
    for panel, (direction, title) in zip(panels, DIRECTIONS.items(), strict=True):
        here = rows[rows["direction"] == direction]
        for number, (name, part) in enumerate(here.groupby("centring", sort=False)):
            value = part["percent"]
            panel.errorbar(
                part["offset"], value, yerr=[value - part["low"], part["high"] - value],
                capsize=2, label=name, **series(number),
            )  # fmt: skip
        panel.set_title(title, fontsize=10)
        panel.set_xlabel("offset between the sides")
    panels[0].set_ylabel("R@10 (%)")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    plt.close(figure)
    return figure
