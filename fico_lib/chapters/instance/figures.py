"""Figures of the chapter on instance-level retrieval."""

import matplotlib
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report.figure_style import GREY, STYLE, series


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
            look = series(number) | {"linestyle": "none"}
            panel.errorbar(part["percent"], y, xerr=whiskers, label=f"R@{k}", capsize=3, **look)
            panel.plot(part["chance_percent"], y, "|", color=GREY, markersize=9, zorder=0)
        panel.set(title=title, xlabel="queries answered (%)", xlim=(-2, 102))
        panel.set_yticks(np.arange(len(names))[::-1], list(names.values()))
        panel.set_ylim(-0.6, len(names) - 0.4)
    panels[0].plot([], [], "|", color=GREY, markersize=9, label="chance")
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
            look = series(number)
            panel.plot(part["k"], part["percent"], label=name, markersize=4, **look)
            low, high = part["pessimistic_percent"], part["optimistic_percent"]
            panel.fill_between(part["k"], low, high, color=look["color"], alpha=0.2, linewidth=0)
        chance = here.drop_duplicates("k").sort_values("k")
        panel.plot(chance["k"], chance["chance_percent"], color=GREY, lw=1, label="chance")
        ticks = sorted(rows["k"].unique())
        panel.set(title=title, xlabel="k", xscale="log", ylim=(0, 102))
        panel.set_xticks(ticks, [str(k) for k in ticks])
        panel.minorticks_off()
    panels[0].set_ylabel("queries answered in the top k (%)")
    panels[0].legend(loc="upper left")
    plt.close(figure)
    return figure
