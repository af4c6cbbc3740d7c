"""Figures of the chapter on bitwise search."""

import matplotlib
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from fico_lib.chapters.bitwise_search.results import (
    CORE,
    METHODS,
    SINGLE,
    BitwiseSearch,
    titles,
)
from fico_lib.report.figure_style import GREY, STYLE, plain_log, series


@matplotlib.rc_context(STYLE)
def rates(found: BitwiseSearch) -> Figure:
    """Pairs a second against the number of results, a panel for each length of codes."""
    lengths = list(dict.fromkeys(found.exact["bits"]))
    figure, panels = plt.subplots(
        1, len(lengths), figsize=(8, 3.6), sharey=True, squeeze=False, subplot_kw={"xscale": "log"}
    )
    limits = found.limits.set_index("bits")["counting_gpairs_per_second"]
    rows = found.exact[found.exact["mode"] == CORE]
    for panel, bits in zip(panels[0], lengths, strict=True):
        for number, (method, title) in enumerate(METHODS.items()):
            part = rows[(rows["bits"] == bits) & (rows["method"] == method)]
            panel.plot(part["k"], part["gpairs_per_second"], label=title, **series(number))
        panel.axhline(limits[bits], color=GREY, lw=1, label="limit: counting bits alone")
        panel.set(title=f"{bits} bits", xlabel="results asked for")
        panel.set_yscale("log")
        plain_log(panel.yaxis)
    panels[0, 0].set_ylabel("thousand million pairs a second,\none core")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    plt.close(figure)
    return figure


@matplotlib.rc_context(STYLE)
def task(found: BitwiseSearch) -> Figure:
    """Recall of the task against the time of one query, a panel for each direction."""
    rows = found.task[found.task["mode"] == SINGLE]
    directions = list(dict.fromkeys(rows["direction"]))
    figure, panels = plt.subplots(1, len(directions), figsize=(8, 4.2), sharey=True, squeeze=False)
    for panel, direction in zip(panels[0], directions, strict=True):
        part = rows[rows["direction"] == direction]
        groups = part.groupby(["model", "search"], sort=False)
        for number, ((model, search), points) in enumerate(groups):
            look = series(number) | {"linestyle": "none"}
            name = "codes, counting" if search == "code_counting" else titles()[search]
            panel.plot(
                points["milliseconds_per_query"], points["r_at_k_percent"],
                label=f"{model}: {name}", **look,
            )  # fmt: skip
        panel.set(title=direction, xscale="log", xlabel="ms of one query")
        plain_log(panel.xaxis)
    panels[0, 0].set_ylabel(f"R@{rows['k'].max()} (%)")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    plt.close(figure)
    return figure
