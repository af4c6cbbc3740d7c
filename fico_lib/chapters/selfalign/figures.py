"""Figures of the chapter on SelfAlign."""

from collections.abc import Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from fico_lib.report.figure_style import COLOURS, GREY, STYLE, series


@matplotlib.rc_context(STYLE)
def variants(rows: pd.DataFrame) -> Figure:
    """R@sum of every variant with its interval, one colour and marker per base.

    rows: model, base, r_sum_percent, low, high; drawn in their order, from the top.
    """
    figure, panel = plt.subplots(figsize=(8, 0.9 + 0.36 * len(rows)))
    y = np.arange(len(rows))[::-1]
    for number, base in enumerate(rows["base"].unique()):
        here = (rows["base"] == base).to_numpy()
        _intervals(panel, rows[here], y[here], number)
    panel.set_yticks(y, rows["model"])
    panel.set(xlabel="R@sum (of 600)", ylim=(-0.6, len(rows) - 0.4))
    plt.close(figure)
    return figure


def _intervals(panel, rows: pd.DataFrame, y: np.ndarray, number: int) -> None:
    value = rows["r_sum_percent"]
    whiskers = [value - rows["low"], rows["high"] - value]
    look = series(number) | {"linestyle": "none"}
    panel.errorbar(value, y, xerr=whiskers, capsize=3, **look)


@matplotlib.rc_context(STYLE)
def sweeps(concepts: pd.DataFrame, aligned: pd.DataFrame, base: pd.Series) -> Figure:
    """R@sum over the number of concepts, and by the words that are aligned; the base as a line.

    concepts: concepts, r_sum_percent, low, high; aligned: aligned and the same; base: a row of the
    same, its interval is the band. A panel without rows is left out.
    """
    shown = [part for part in (("concepts", concepts), ("aligned", aligned)) if len(part[1])]
    figure, panels = plt.subplots(1, len(shown), figsize=(8, 3.4), sharey=True, squeeze=False)
    for panel, (column, rows) in zip(panels[0], shown, strict=True):
        x = rows[column] if column == "concepts" else np.arange(len(rows))
        value = rows["r_sum_percent"]
        whiskers = [value - rows["low"], rows["high"] - value]
        line = "-" if column == "concepts" else "none"
        panel.axhline(base["r_sum_percent"], color=GREY, lw=1, ls="--", label="base")
        panel.axhspan(base["low"], base["high"], color=GREY, alpha=0.12, lw=0)
        panel.errorbar(
            x, value, yerr=whiskers, capsize=3, color=COLOURS[0], marker="o", ls=line, label="+LCA"
        )
        if column == "concepts":
            panel.set_xscale("log")
            panel.set_xlabel("concepts")
        else:
            panel.set_xlabel("words that are aligned")
            panel.margins(x=0.15)
        panel.set_xticks(x, [str(label) for label in rows[column]])
        panel.minorticks_off()
    panels[0, 0].set_ylabel("R@sum (of 600)")
    panels[0, 0].legend(loc="best")
    plt.close(figure)
    return figure


@matplotlib.rc_context(STYLE)
def time_and_accuracy(rows: pd.DataFrame, stages: Sequence[str]) -> Figure:
    """R@sum against ms per text query (logarithmic); `stages` are joined by a line.

    rows: model, ms_per_query, r_sum_percent, low, high.
    """
    figure, panel = plt.subplots(figsize=(8, 4.4))
    joined = rows[rows["model"].isin(stages)].sort_values("ms_per_query")
    panel.plot(joined["ms_per_query"], joined["r_sum_percent"], color=GREY, lw=1, zorder=0)
    for number, row in enumerate(rows.itertuples()):
        whiskers = [[row.r_sum_percent - row.low], [row.high - row.r_sum_percent]]
        look = series(number) | {"linestyle": "none"}
        panel.errorbar(
            row.ms_per_query, row.r_sum_percent, yerr=whiskers, capsize=3, label=row.model, **look
        )
    panel.set(xscale="log", xlabel="ms to rank all images for one text", ylabel="R@sum (of 600)")
    figure.legend(loc="outside lower center", ncols=2)
    plt.close(figure)
    return figure


@matplotlib.rc_context(STYLE | {"axes.grid": False})
def word_regions(rows: pd.DataFrame, pictures: Sequence[np.ndarray]) -> Figure:
    """The regions that match each word best: a line of pictures per word, the best on the left.

    rows: word, place (from 1), cosine; pictures: uint8 (height, width, 3), one per row.
    """
    words = list(dict.fromkeys(rows["word"]))
    figure, panels = plt.subplots(
        len(words), rows["place"].max(), figsize=(8, 1.55 * len(words)), squeeze=False
    )
    for panel in panels.flat:
        panel.set_axis_off()
    for row, picture in zip(rows.itertuples(), pictures, strict=True):
        panel = panels[words.index(row.word), row.place - 1]
        panel.set_axis_on()
        panel.imshow(picture, interpolation="nearest")
        panel.set(xticks=[], yticks=[])
        panel.set_title(f"{row.cosine:.2f}", fontsize=8, pad=2)
        for spine in panel.spines.values():
            spine.set_visible(False)
        if row.place == 1:
            panel.set_ylabel(row.word, rotation=0, ha="right", va="center")
    plt.close(figure)
    return figure
