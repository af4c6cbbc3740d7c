"""Figures of the chapter on galleries that grow."""

import matplotlib
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from fico_lib.chapters.growing_gallery.results import FIRST, Rows
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.metrics.gallery_law import Law
from fico_lib.report.figure_style import GREY, STYLE, plain_log, series

POINTS = 60  # of a curve


@matplotlib.rc_context(STYLE)
def growth(found: Rows) -> Figure:
    """R@1 against the size of the gallery; a panel per direction, a colour per ranker.

    Marks: found, hollow where the law was not fitted to them; lines: the law; grey: chance.
    """
    figure, panels = plt.subplots(1, len(DIRECTIONS), figsize=(8, 4.6), sharey=True)
    rows = found.growth[(found.growth["metric"] == FIRST) & (found.growth["without"] == "")]
    for panel, (direction, title) in zip(panels, DIRECTIONS.items(), strict=True):
        here = rows[rows["direction"] == direction]
        for number, (name, points) in enumerate(here.groupby("ranker", sort=False)):
            _ranker(panel, found, name, points, series(number))
        first = here.drop_duplicates("size")
        panel.plot(
            first["size"], first["chance_percent"], color=GREY, linestyle=":", label="chance"
        )
        panel.set(xscale="log", yscale="log", xlabel="images in the gallery", title=title)
        plain_log(panel.xaxis)
        plain_log(panel.yaxis)
        panel.tick_params(axis="x", rotation=45)
    panels[0].set_ylabel("R@1 (%)")
    handles = panels[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=3, fontsize=8)
    plt.close(figure)
    return figure


def _ranker(panel, found: Rows, name: str, points: pd.DataFrame, style: dict) -> None:
    points = points[points["percent"] > 0]
    held = points["size"].isin(found.laws["size"])
    error = points["percent"] - points["low"], points["high"] - points["percent"]
    marks = {"color": style["color"], "marker": style["marker"], "linestyle": "none"}
    panel.errorbar(points["size"], points["percent"], np.maximum(error, 0), fmt="none",
                   ecolor=style["color"], elinewidth=0.8)  # fmt: skip
    panel.plot(points["size"][~held], points["percent"][~held], label=name, **marks)
    panel.plot(points["size"][held], points["percent"][held], fillstyle="none", **marks)
    direction = points["direction"].iloc[0] if len(points) else ""
    laws = found.laws[(found.laws["ranker"] == name) & (found.laws["direction"] == direction)]
    if len(laws):
        one = laws.iloc[0]
        sizes = np.geomspace(found.sizes[0], found.sizes[-1], POINTS)
        wrong = sizes * one["wrong"] / one["size"]
        hits = Law(np.array([one["shape"]]), np.array([one["scale"]])).hits(wrong)
        panel.plot(sizes, 100 * hits, color=style["color"], linewidth=0.9)
