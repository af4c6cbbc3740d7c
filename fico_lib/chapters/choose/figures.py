"""Figures of the chapter: what beats what, and the papers' critical path with computed leaves."""

import matplotlib
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fico_lib.chapters.choose.costs import KINDS
from fico_lib.chapters.choose.results import TASKS
from fico_lib.chapters.choose.tables import bytes_of
from fico_lib.costs.analytic import GIB
from fico_lib.report.claims_table import ABOVE
from fico_lib.report.costs.tables import duration
from fico_lib.report.figure_style import GREY, STYLE, name_points, series
from fico_lib.search.metrics import front

WIDTH = 5.4  # inches: words stay legible on a screen of 420 points
AREAS = {2**10: 20, 2**20: 70, GIB: 160}  # of a mark, by bytes of an image below


@matplotlib.rc_context(STYLE)
def pareto(systems: pd.DataFrame, images: int) -> Figure:
    """Expected quality against the time of a query on one gallery; a panel for each task.

    A mark tells the kind by its shape and the bytes of an image by its size; the line joins what no
    other beats in both.
    """
    here = systems[systems["images"] == images]
    tasks = [task for task in TASKS if task in set(here["task"])]
    figure, panels = plt.subplots(
        len(tasks), 1, figsize=(WIDTH, 1 + 2.9 * len(tasks)), sharex=True, squeeze=False
    )
    points = {}
    for panel, task in zip(panels[:, 0], tasks, strict=True):
        rows = here[here["task"] == task].sort_values("milliseconds")
        best = front(rows, "milliseconds", "expected_percent")
        panel.step(best["milliseconds"], best["expected_percent"], where="post", color=GREY, lw=1)
        for kind, part in rows.groupby("kind", sort=False):
            look = series(KINDS.index(kind))
            panel.scatter(part["milliseconds"], part["expected_percent"],
                          s=[_area(count) for count in part["bytes_per_image"]],
                          marker=look["marker"], color=look["color"], alpha=0.85)  # fmt: skip
        first = rows.sort_values("expected_percent", ascending=False).drop_duplicates("model")
        points[panel] = {
            row.model: (row.milliseconds, row.expected_percent) for row in first.itertuples()
        }
        panel.set(xscale="log", ylabel=f"{rows['metric'].iloc[0]} (%)")
        panel.set_title(task, fontsize=10)
        panel.margins(y=0.12)
    panels[-1, 0].set_xlabel("milliseconds of a query")
    for kind in (kind for kind in KINDS if kind in set(here["kind"])):
        look = series(KINDS.index(kind)) | {"linestyle": "none"}
        panels[0, 0].plot([], [], label=kind, **look)
    for limit, area in AREAS.items():
        label = f"< {bytes_of(limit)}"
        panels[0, 0].scatter([], [], s=area, color=GREY, label=label)
    figure.legend(loc="outside lower center", ncols=3, fontsize=9)
    figure.canvas.draw()  # settles the panels' places
    for panel, named in points.items():
        name_points(panel, named)
    plt.close(figure)
    return figure


def _area(count: float) -> int:
    return next((area for limit, area in AREAS.items() if count < limit), max(AREAS.values()))


@matplotlib.rc_context(STYLE)
def path(chosen: pd.DataFrame) -> Figure:
    """The critical path: task, time, storage, size of the gallery; its leaves are the choices.

    Time and bytes are the smallest and the largest budget, the galleries the smallest and the
    largest; "–" where nothing fits.
    """
    figure, panel = plt.subplots(figsize=(WIDTH, 6.4))
    panel.set(xlim=(0, 1), ylim=(7.6, -1))
    panel.axis("off")
    ends = {c: (chosen[c].min(), chosen[c].max()) for c in ("latency_ms", "budget_bytes", "images")}
    small, large = ends["images"]
    search = f"4 search: in {small:,} images,\n    below in {large:,}"
    headings = ("1 task", "2 time", "3 bytes", search)
    for x, text in zip((0.0, 0.17, 0.33, 0.5), headings, strict=True):
        panel.text(x, -0.5, text, fontsize=9, color="#444444")
    leaf = 0
    for task in TASKS:
        top = leaf
        for latency in ends["latency_ms"]:
            above = leaf
            for size in ends["budget_bytes"]:
                rows = chosen[(chosen["task"] == task) & (chosen["latency_ms"] == latency)
                              & (chosen["budget_bytes"] == size)]  # fmt: skip
                at = rows.set_index("images")
                _node(panel, 0.33, leaf, f"≤ {bytes_of(size)}")
                panel.text(0.5, leaf, f"{_leaf(at.loc[small])}\n{_leaf(at.loc[large])}",
                           fontsize=9, va="center", linespacing=1.4)  # fmt: skip
                panel.plot([0.44, 0.49], [leaf, leaf], color=GREY, lw=1)
                _branch(panel, (0.28, above + 0.5), (0.33, leaf))
                leaf += 1
            _node(panel, 0.17, above + 0.5, f"≤ {duration(latency / 1000)}")
            _branch(panel, (0.12, top + 1.5), (0.17, above + 0.5))
        _node(panel, 0.0, top + 1.5, task.replace(" ", "\n"))
    plt.close(figure)
    return figure


def _node(panel: Axes, x: float, y: float, text: str) -> None:
    box = {"boxstyle": "round,pad=0.25", "facecolor": "#eef3f8", "edgecolor": "#7a8794"}
    panel.text(x, y, text, fontsize=9, va="center", bbox=box)


def _branch(panel: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    panel.plot([start[0], (start[0] + end[0]) / 2, end[0]], [start[1], end[1], end[1]],
               color=GREY, lw=1, zorder=0)  # fmt: skip


def _leaf(row: pd.Series) -> str:
    if row["why_not"]:
        return f"– ({row['why_not']})"
    mark = f" {ABOVE}" if row["closed_form"] else ""
    return f"{row['model']}, {row['search']} {row['expected_percent']:.1f}{mark}"
