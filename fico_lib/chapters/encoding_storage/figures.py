"""Figures of the chapter on encoding and storage."""

from collections.abc import Mapping

import matplotlib
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from fico_lib.report.figure_style import GREY, STYLE, series


@matplotlib.rc_context(STYLE)
def growth(ours: pd.DataFrame, paper: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Encoding time against the gallery, this run's and the paper's, a panel each.

    ours: columns model, images, seconds, kind; paper: the cells of Table 5 (model, images, value).
    Filled marks were run in full, open ones are extrapolated.
    """
    figure, panels = plt.subplots(1, 2, figsize=(8, 4.6), sharey=True, sharex=True)
    for number, (model, name) in enumerate(names.items()):
        look = series(number) | {"markersize": 5}
        part = ours[(ours["model"] == model) & ours["seconds"].notna()]
        line = {k: look[k] for k in ("color", "linestyle")}
        panels[0].plot(part["images"], part["seconds"], linewidth=1, **line)
        for kind, fill in (("measured", look["color"]), ("extrapolated", "white")):
            here = part[part["kind"] == kind]
            panels[0].plot(
                *(here["images"], here["seconds"]),
                **look | {"linestyle": "none", "markerfacecolor": fill},
            )
        cells = paper[(paper["model"] == model) & paper["value"].notna()]
        panels[1].plot(cells["images"], cells["value"], linewidth=1, label=name, **look)
    panels[0].set(title="this run", ylabel="encoding time (s)", xlabel="images (5 texts each)")
    panels[1].set(title="the paper, on an A100", xlabel="images (5 texts each)")
    for panel in panels:
        panel.set(xscale="log", yscale="log")
        panel.minorticks_off()
    figure.legend(*panels[1].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    plt.close(figure)
    return figure


@matplotlib.rc_context(STYLE)
def storage(rows: pd.DataFrame, names: Mapping[str, str], limit_gib: float) -> Figure:
    """Storage against the gallery: embeddings on the left, features for attention on the right.

    rows: columns model, images, what, layout, gib; embeddings of floats are drawn as float32, codes
    as packed bits, features as float32.
    """
    figure, panels = plt.subplots(1, 2, figsize=(8, 4.4), sharey=True)
    for panel, what, layouts in (
        (panels[0], "embeddings", ("packed bits", "float32")),
        (panels[1], "features", ("float32",)),
    ):
        number = 0
        for model, name in names.items():
            part = rows[(rows["model"] == model) & (rows["what"] == what)]
            layout = next((x for x in layouts if x in set(part["layout"])), None)
            if layout is None:
                continue
            part = part[part["layout"] == layout]
            panel.plot(part["images"], part["gib"], label=name, markersize=4, **series(number))
            number += 1
        panel.axhline(limit_gib, color=GREY, linewidth=1)
        panel.annotate(
            f"{limit_gib:g} GiB", (0.02, limit_gib), xycoords=("axes fraction", "data"),
            va="bottom", color="#444444",
        )  # fmt: skip
        panel.set(xscale="log", yscale="log", title=what, xlabel="images (5 texts each)")
        panel.legend(fontsize=8, loc="upper left", bbox_to_anchor=(0, -0.18), ncols=2)
        panel.minorticks_off()
    panels[0].set_ylabel("GiB")
    plt.close(figure)
    return figure
