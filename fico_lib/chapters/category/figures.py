"""Figures of the chapter on category-level retrieval."""

import matplotlib
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report.figure_style import GREY, STYLE, name_points, series

KINDS = {  # line styles by granularity
    "FG": {"linestyle": "--", "linewidth": 1, "markersize": 4},
    "CG": {"linestyle": "-", "linewidth": 2.4, "markersize": 6},
    "": {"linestyle": ":", "linewidth": 1.5, "marker": "none", "color": GREY},
}


@matplotlib.rc_context(STYLE)
def precision_recall(rows: pd.DataFrame, names: dict[str, str]) -> Figure:
    """11-point interpolated precision-recall curves; a row of panels per data set.

    rows: tidy, with columns data, model, granularity, direction, recall_percent, precision_percent;
    a model without a curve (a partial ranking has none) is left out of the panels. Codes are drawn
    in heavy lines, everything but models in grey.
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
                look = series(number) | KINDS[part["granularity"].iloc[0]]
                panel.plot(part["recall_percent"], part["precision_percent"], label=name, **look)
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
    points = {}
    for data, line in zip(sets, panels, strict=True):
        for panel, (direction, title) in zip(line, DIRECTIONS.items(), strict=True):
            here = rows[(rows["data"] == data) & (rows["direction"] == direction)]
            at = here.pivot(index="model", columns="metric", values="percent")
            for number, (head, name) in enumerate(heads.items()):
                ends = at.loc[[f"{head}_float", f"{head}_binary"]]
                look = series(number) | {"marker": "none"}
                panel.plot(ends["mAP@N"], ends["R@1"], label=name, **look)
                for filled, (_, end) in zip((True, False), ends.iterrows(), strict=True):
                    colour = look["color"]
                    face = colour if filled else "white"
                    panel.plot(*end[["mAP@N", "R@1"]], "o", color=colour, markerfacecolor=face)
            models = at.loc[[m for m in names if m in at.index], ["mAP@N", "R@1"]].dropna()
            panel.plot(models["mAP@N"], models["R@1"], "x", color="#555555", markersize=5)
            points[panel] = {names[model]: tuple(xy) for model, xy in models.T.items()}
            chance = here.loc[here["metric"] == "mAP@N", "chance_percent"].iloc[0]
            panel.axvline(chance, color=GREY, linewidth=1, linestyle=":", label="chance")
            panel.set_title(f"{data}: {title}", fontsize=10)
            panel.set_xlabel("mAP@N (%)")
        line[0].set_ylabel("R@1 (%)")
    for panel, named in points.items():  # once the axes, which panels share, are settled
        name_points(panel, named)
    marks = {"float": "#555555", "binary": "white"}
    for name, face in marks.items():
        panels[0, 0].plot([], [], "o", color="#555555", markerfacecolor=face, label=name)
    handles = panels[0, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=5)
    plt.close(figure)
    return figure


@matplotlib.rc_context(STYLE)
def reliability(rows: pd.DataFrame) -> Figure:
    """Reliability diagram: predicted probability against observed frequency.

    rows: tidy, with columns said_percent (predicted) and found_percent (observed).
    """
    figure, panel = plt.subplots(figsize=(8, 3.4))
    panel.plot([0, 100], [0, 100], color=GREY, lw=1, label="perfectly calibrated")
    panel.plot(rows["said_percent"], rows["found_percent"], label="labeller", **series(0))
    panel.set(xlabel="predicted probability (%)", ylabel="observed frequency (%)")
    panel.legend(loc="upper left")
    plt.close(figure)
    return figure
