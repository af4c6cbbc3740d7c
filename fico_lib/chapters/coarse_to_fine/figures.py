"""Figures of the chapter on coarse to fine."""

import matplotlib
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from fico_lib.chapters.coarse_to_fine.results import CoarseToFine
from fico_lib.report.figure_style import GREY, STYLE, plain_log, series


@matplotlib.rc_context(STYLE)
def pareto(found: CoarseToFine, items: int) -> Figure:
    """R@1 from text to image against the time of a query in a gallery; a panel per ranking model.

    Quality is that of the compact models on the test split, time that of `items` items.
    """
    rows = found.found[(found.found["metric"] == "R@1") & (found.found["direction"] == "t2i")]
    times = found.times[found.times["items"] == items]
    rows = rows.assign(bits=rows["screen"].map(found.bits))
    rows = rows.merge(times, on=["ranker", "bits", "candidates"])
    rankers = list(dict.fromkeys(rows["ranker"]))
    figure, panels = plt.subplots(
        len(rankers), 1, figsize=(5.6, 1.2 + 3.0 * max(len(rankers), 1)), squeeze=False
    )
    for panel, ranker in zip(panels[:, 0], rankers, strict=True):
        part = rows[rows["ranker"] == ranker]
        for number, (screen, points) in enumerate(part.groupby("screen", sort=False)):
            panel.plot(points["both_milliseconds"], points["percent"], label=screen,
                       **series(number))  # fmt: skip
        alone = found.runs.estimate(ranker, "t2i", "R@1")
        panel.plot(part["alone_milliseconds"].iloc[0], alone.value, "*", color=GREY, ms=13,
                   label="all items, no screen")  # fmt: skip
        panel.set(xscale="log", ylabel="R@1 t2i (%)")
        plain_log(panel.xaxis)
        panel.set_title(f"ranked by {ranker}", fontsize=10)
    panels[-1, 0].set_xlabel(f"milliseconds of a query among {items:,} items, one core")
    handles = panels[0, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=2, fontsize=9)
    plt.close(figure)
    return figure


def gallery(found: CoarseToFine) -> int | None:
    """The largest gallery in which times were computed for a ranking model; None where none was."""
    times: pd.DataFrame = found.times
    return None if times.empty else int(times["items"].max())
