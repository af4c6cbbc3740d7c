"""Figures of the chapter on similarity search."""

import matplotlib
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from fico_lib.report.figure_style import STYLE, plain_log, series


@matplotlib.rc_context(STYLE)
def figure_4(paper: pd.DataFrame, ours: pd.DataFrame, names: dict[str, str]) -> Figure:
    """Recall and search time against the number of vectors: the paper's Figure 4, and this run.

    paper, ours: tidy, with columns index, vectors, r_at_1, r_at_1000 (percent) and
    milliseconds_per_query; ours has `dimension` too. Filled marks are the paper's.
    """
    figure, panels = plt.subplots(1, 2, figsize=(8, 4.2))
    for number, (index, name) in enumerate(names.items()):
        look = series(number)
        for rows, filled in ((paper, True), (ours, False)):
            of_index = rows[rows["index"] == index]
            for _, part in of_index.groupby("dimension"):
                part = part.sort_values("vectors")
                face = look["color"] if filled else "white"
                shown = look | {"markerfacecolor": face, "markersize": 5}
                panels[0].plot(part["vectors"], part["r_at_1"], **shown)
                panels[1].plot(part["vectors"], part["milliseconds_per_query"], **shown)
        panels[0].plot([], [], label=name, **look)
    panels[0].plot([], [], "o", color="#555555", label="paper, 2048-d")
    panels[0].plot([], [], "o", color="#555555", markerfacecolor="white", label="this run")
    panels[0].set(ylabel="R@1 retained (%)", ylim=(-3, 103))
    panels[1].set(ylabel="milliseconds per query", yscale="log")
    for panel in panels:
        panel.set(xlabel="vectors", xscale="log")
    handles = panels[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=3)
    plt.close(figure)
    return figure


@matplotlib.rc_context(STYLE)
def pareto(rows: pd.DataFrame, best: pd.DataFrame, names: dict[str, str], cost: str) -> Figure:
    """Recall against milliseconds, and against bytes per vector; the front as a line.

    rows: tidy, with columns series, milliseconds_per_query, bytes_per_vector, one_recall_percent;
    best: the rows of the front in time; names: series -> the name to show; cost: the axis label.
    """
    figure, panels = plt.subplots(1, 2, figsize=(8, 5.0), sharey=True)
    best = best.sort_values("milliseconds_per_query")
    panels[0].step(
        best["milliseconds_per_query"], best["one_recall_percent"], where="post", color="#999999",
        lw=1.2, zorder=0, label="front",
    )  # fmt: skip
    for number, (key, name) in enumerate(names.items()):
        part = rows[rows["series"] == key]
        look = series(number) | {"linestyle": "none", "markersize": 6}
        if number >= 7:  # the colours and marks repeat: these are open
            look |= {"markerfacecolor": "white"}
        for panel, column in zip(
            panels, ("milliseconds_per_query", "bytes_per_vector"), strict=True
        ):
            panel.plot(part[column], part["one_recall_percent"], label=name, **look)
    panels[0].set(xlabel=cost, ylabel="nearest neighbour found (%)", xscale="log")
    panels[1].set(xlabel="bytes per vector", xscale="log")
    for panel in panels:
        plain_log(panel.xaxis)
        panel.tick_params(axis="x", labelsize=8)
    handles = panels[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=3)
    plt.close(figure)
    return figure


@matplotlib.rc_context(STYLE)
def sweeps(rows: pd.DataFrame, names: dict[str, dict]) -> Figure:
    """Recall against each swept argument, a panel each.

    rows: tidy, with columns sweep, series, value, one_recall_percent; names: sweep -> {series ->
    the name to show}.
    """
    figure, panels = plt.subplots(2, 2, figsize=(8, 6.4), sharey=True)
    for panel, (sweep, shown) in zip(panels.flat, names.items(), strict=True):
        for number, (key, name) in enumerate(shown.items()):
            part = rows[(rows["sweep"] == sweep) & (rows["series"] == key)].sort_values("value")
            panel.plot(
                part["value"], part["one_recall_percent"], label=name, ms=5, **series(number)
            )
        values = sorted(rows.loc[rows["sweep"] == sweep, "value"].unique())
        panel.set(xlabel=sweep, xscale="log", ylim=(-3, 103))
        panel.set_xticks(values, [str(v) for v in values])
        panel.minorticks_off()
        panel.legend(fontsize=8)
    for panel in panels[:, 0]:
        panel.set_ylabel("nearest neighbour found (%)")
    plt.close(figure)
    return figure


@matplotlib.rc_context(STYLE)
def growth(rows: pd.DataFrame, names: dict[str, str]) -> Figure:
    """Recall of each binariser as the gallery grows, a panel per k, with the band of ties.

    rows: tidy, with columns binariser, vectors, k, lost_percent, expected_percent, won_percent.
    """
    cuts = sorted(rows["k"].unique())
    figure, panels = plt.subplots(1, len(cuts), figsize=(8, 3.6), sharey=True, squeeze=False)
    for panel, k in zip(panels[0], cuts, strict=True):
        for number, (key, name) in enumerate(names.items()):
            part = rows[(rows["binariser"] == key) & (rows["k"] == k)].sort_values("vectors")
            look = series(number)
            panel.plot(part["vectors"], part["expected_percent"], label=name, ms=4, **look)
            band = part["lost_percent"], part["won_percent"]
            panel.fill_between(part["vectors"], *band, color=look["color"], alpha=0.2, lw=0)
        ticks = sorted(rows["vectors"].unique())
        panel.set(xlabel="vectors", xscale="log", ylim=(-3, 103), title=f"R@{k}")
        panel.set_xticks(ticks, [f"{t / 1000:g}K" for t in ticks])
        panel.minorticks_off()
    panels[0, 0].set_ylabel("nearest neighbour found (%)")
    handles = panels[0, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=2)
    plt.close(figure)
    return figure


@matplotlib.rc_context(STYLE | {"axes.grid": False})
def lists_map(rows: pd.DataFrame) -> Figure:
    """Recall and time for every number of lists and probes; blank where too few were found.

    rows: tidy, with columns lists, value (probes), k, k_recall_percent, milliseconds_per_query.
    """
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.4))
    shown = {
        "one_recall_percent": (f"R@{rows['k'].iloc[0]} retained (%)", ".0f"),
        "milliseconds_per_query": ("milliseconds per query", ".3f"),
    }
    for panel, (column, (title, form)) in zip(panels, shown.items(), strict=True):
        grid = rows.pivot(index="value", columns="lists", values=column)
        image = panel.imshow(grid, cmap="cividis", aspect="auto", origin="lower")
        middle = np.nanmean([np.nanmin(grid), np.nanmax(grid)])
        for (y, x), value in np.ndenumerate(grid.to_numpy()):
            if not np.isnan(value):
                colour = "black" if value > middle else "white"
                panel.text(
                    x, y, format(value, form), ha="center", va="center", color=colour, size=8
                )
        panel.set_xticks(range(len(grid.columns)), grid.columns)
        panel.set_yticks(range(len(grid.index)), grid.index)
        panel.set(title=title, xlabel="lists", ylabel="probes")
        figure.colorbar(image, ax=panel)
    plt.close(figure)
    return figure
