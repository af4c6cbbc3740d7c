"""Figures of the chapters. Every series differs in marker and line as well as in colour."""

from collections.abc import Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

# Colours that stay apart in grey and for colour-blind readers (after Okabe and Ito, 2008).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", "-.", ":")
DIRECTIONS = {"i2t": "image to text", "t2i": "text to image"}

STYLE = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "legend.frameon": False,
    "svg.hashsalt": "fico",  # the same figure gives the same file
    "figure.constrained_layout.use": True,
}


def _series(number: int) -> dict:
    return {
        "color": COLOURS[number % len(COLOURS)],
        "marker": MARKERS[number % len(MARKERS)],
        "linestyle": LINES[number % len(LINES)],
    }


@matplotlib.rc_context(STYLE)
def recall_intervals(rows: pd.DataFrame, names: dict[str, str]) -> Figure:
    """Recall of each model at a few k, with intervals and the chance level, a panel a direction.

    rows: tidy, with columns model, direction, k, percent, low, high, chance_percent;
    names: model -> the name to show. Models are drawn in the order of `names`.
    """
    figure, panels = plt.subplots(1, 2, figsize=(8, 0.9 + 0.62 * len(names)), sharey=True)
    cuts = sorted(rows["k"].unique())
    offsets = np.linspace(0.24, -0.24, len(cuts)) if len(cuts) > 1 else [0.0]
    for panel, (direction, title) in zip(panels, DIRECTIONS.items(), strict=True):
        for number, (k, offset) in enumerate(zip(cuts, offsets, strict=True)):
            part = rows[(rows["direction"] == direction) & (rows["k"] == k)].set_index("model")
            part = part.loc[list(names)]
            y = np.arange(len(names))[::-1] + offset
            whiskers = [part["percent"] - part["low"], part["high"] - part["percent"]]
            look = _series(number) | {"linestyle": "none"}
            panel.errorbar(part["percent"], y, xerr=whiskers, label=f"R@{k}", capsize=3, **look)
            panel.plot(part["chance_percent"], y, "|", color="#777777", markersize=9, zorder=0)
        panel.set(title=title, xlabel="queries answered (%)", xlim=(-2, 102))
        panel.set_yticks(np.arange(len(names))[::-1], list(names.values()))
        panel.set_ylim(-0.6, len(names) - 0.4)
    panels[0].plot([], [], "|", color="#777777", markersize=9, label="chance")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=8)
    plt.close(figure)
    return figure


@matplotlib.rc_context(STYLE)
def recall_curves(rows: pd.DataFrame, names: dict[str, str]) -> Figure:
    """R@k against k (logarithmic), with the band that ties leave open, a panel a direction.

    rows: tidy, with columns model, direction, k, percent, pessimistic_percent,
    optimistic_percent, chance_percent.
    """
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.6), sharey=True)
    for panel, (direction, title) in zip(panels, DIRECTIONS.items(), strict=True):
        here = rows[rows["direction"] == direction]
        for number, (model, name) in enumerate(names.items()):
            part = here[here["model"] == model].sort_values("k")
            look = _series(number)
            panel.plot(part["k"], part["percent"], label=name, markersize=4, **look)
            low, high = part["pessimistic_percent"], part["optimistic_percent"]
            panel.fill_between(part["k"], low, high, color=look["color"], alpha=0.2, linewidth=0)
        chance = here.drop_duplicates("k").sort_values("k")
        panel.plot(chance["k"], chance["chance_percent"], color="#777777", lw=1, label="chance")
        ticks = sorted(rows["k"].unique())
        panel.set(title=title, xlabel="k", xscale="log", ylim=(0, 102))
        panel.set_xticks(ticks, [str(k) for k in ticks])
        panel.minorticks_off()
    panels[0].set_ylabel("queries answered in the top k (%)")
    panels[0].legend(loc="upper left")
    plt.close(figure)
    return figure


@matplotlib.rc_context(STYLE)
def precision_recall(rows: pd.DataFrame, names: dict[str, str]) -> Figure:
    """11-point interpolated precision-recall curves; a row of panels per data set.

    rows: tidy, with columns data, model, direction, recall_percent, precision_percent; a model
    without a curve (a partial ranking has none) is left out of the panels.
    """
    sets = list(dict.fromkeys(rows["data"]))
    figure, panels = plt.subplots(
        len(sets), 2, figsize=(8, 1.2 + 2.8 * len(sets)), sharex=True, sharey="row", squeeze=False
    )
    for data, line in zip(sets, panels, strict=True):
        for panel, (direction, title) in zip(line, DIRECTIONS.items(), strict=True):
            here = rows[(rows["data"] == data) & (rows["direction"] == direction)]
            for number, (model, name) in enumerate(names.items()):
                part = here[here["model"] == model].sort_values("recall_percent")
                if part.empty:
                    continue
                look = _series(number)
                panel.plot(
                    part["recall_percent"], part["precision_percent"], label=name, ms=4, **look
                )
            panel.set_title(f"{data}: {title}", fontsize=10)
        line[0].set_ylabel("precision (%)")
    for panel in panels[-1]:
        panel.set_xlabel("recall (%)")
    handles = panels[0, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=4)
    plt.close(figure)
    return figure


@matplotlib.rc_context(STYLE)
def two_factors(rows: pd.DataFrame, heads: dict[str, str], names: dict[str, str]) -> Figure:
    """The 2x2 control as two lines, float to binary, between mAP@N and R@1; models as points.

    rows: tidy, with columns data, model, direction, metric (R@1 and mAP@N), percent,
    chance_percent; heads: prefix of a control -> the name to show (prefix_float, prefix_binary are
    its two forms); names: the models to show beside them.
    """
    sets = list(dict.fromkeys(rows["data"]))
    figure, panels = plt.subplots(
        len(sets), 2, figsize=(8, 1.0 + 2.8 * len(sets)), sharey=True, squeeze=False
    )
    for data, line in zip(sets, panels, strict=True):
        for panel, (direction, title) in zip(line, DIRECTIONS.items(), strict=True):
            here = rows[(rows["data"] == data) & (rows["direction"] == direction)]
            at = here.pivot(index="model", columns="metric", values="percent")
            for number, (head, name) in enumerate(heads.items()):
                ends = at.loc[[f"{head}_float", f"{head}_binary"]]
                look = _series(number) | {"marker": "none"}
                panel.plot(ends["mAP@N"], ends["R@1"], label=name, **look)
                for filled, (_, end) in zip((True, False), ends.iterrows(), strict=True):
                    colour = look["color"]
                    face = colour if filled else "white"
                    panel.plot(*end[["mAP@N", "R@1"]], "o", color=colour, markerfacecolor=face)
            for model, name in names.items():
                if model in at.index and not at.loc[model].isna().any():
                    x, y = at.loc[model, ["mAP@N", "R@1"]]
                    panel.plot(x, y, "x", color="#555555", markersize=5)
                    panel.annotate(name, (x, y), (4, 3), textcoords="offset points", fontsize=8)
            chance = here.loc[here["metric"] == "mAP@N", "chance_percent"].iloc[0]
            panel.axvline(chance, color="#777777", linewidth=1, linestyle=":", label="chance")
            panel.set_title(f"{data}: {title}", fontsize=10)
            panel.set_xlabel("mAP@N (%)")
        line[0].set_ylabel("R@1 (%)")
    marks = {"float": "#555555", "binary": "white"}
    for name, face in marks.items():
        panels[0, 0].plot([], [], "o", color="#555555", markerfacecolor=face, label=name)
    handles = panels[0, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=5)
    plt.close(figure)
    return figure


@matplotlib.rc_context(STYLE)
def reliability(rows: pd.DataFrame) -> Figure:
    """How often what was said with a probability was so. rows: said_percent, found_percent."""
    figure, panel = plt.subplots(figsize=(4.2, 3.6))
    panel.plot([0, 100], [0, 100], color="#777777", lw=1, label="perfectly calibrated")
    panel.plot(rows["said_percent"], rows["found_percent"], label="labeller", **_series(0))
    panel.set(xlabel="predicted probability (%)", ylabel="labels that are there (%)")
    panel.legend(loc="upper left")
    plt.close(figure)
    return figure


@matplotlib.rc_context(STYLE)
def contact_sheet(images: np.ndarray, captions: Sequence[str], columns: int = 4) -> Figure:
    """Images with a caption under each. images: (n, height, width, 3) uint8."""
    lines = -(-len(images) // columns)
    figure, panels = plt.subplots(lines, columns, figsize=(8, 2.7 * lines), squeeze=False)
    for panel in panels.flat:
        panel.axis("off")
    for panel, image, caption in zip(panels.flat, images, captions, strict=False):
        panel.imshow(image, interpolation="nearest")
        panel.set_title(_folded(caption, 26), fontsize=8, y=0, va="top", pad=-4)
    plt.close(figure)
    return figure


def _folded(text: str, width: int) -> str:
    import textwrap

    return textwrap.fill(text, width)


@matplotlib.rc_context(STYLE)
def category_shares(rows: pd.DataFrame) -> Figure:
    """The share of images that carry each category. rows: columns category, images_percent."""
    figure, panel = plt.subplots(figsize=(8, 3.2))
    panel.bar(rows["category"], rows["images_percent"], color=COLOURS[0])
    panel.set(ylabel="images with the category (%)", xlim=(-0.7, len(rows) - 0.3))
    panel.tick_params(axis="x", rotation=90, labelsize=8)
    panel.grid(axis="x", visible=False)
    plt.close(figure)
    return figure
