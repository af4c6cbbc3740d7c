"""Figures of the chapter on attention at query time."""

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report.figure_style import GREY, STYLE, series

WAYS = {"all pairs": "all pairs", "best k": "best k", "k grows": "k grows with the gallery"}


@matplotlib.rc_context(STYLE)
def growth(rows: pd.DataFrame, fits: pd.DataFrame) -> Figure:
    """Measured attention time against the gallery, with the fitted power laws.

    rows: columns which, images, seconds; fits: columns which, exponent, factor. A way that was run
    at too few sizes is not drawn.
    """
    figure, panel = plt.subplots(figsize=(8, 4.2))
    for number, (which, name) in enumerate(WAYS.items()):
        part = rows[rows["which"] == which].dropna(subset="seconds")
        if which not in set(fits["which"]):
            continue
        fit = fits.set_index("which").loc[which]
        look = series(number)
        panel.plot(
            *(part["images"], part["seconds"]),
            **look | {"linestyle": "none"},
            label=f"{name}: exponent {fit.exponent:.2f}",
        )
        x = np.array([part["images"].min(), part["images"].max()])
        line = {k: look[k] for k in ("color", "linestyle")}
        panel.plot(x, fit.factor * x**fit.exponent, **line, linewidth=1)
    ticks = sorted(rows["images"].unique())
    panel.set(xscale="log", yscale="log", xlabel="images (5 texts each)", ylabel="seconds")
    panel.set_xticks(ticks, [str(tick) for tick in ticks])
    panel.minorticks_off()
    if panel.lines:
        panel.legend()
    plt.close(figure)
    return figure


@matplotlib.rc_context(STYLE)
def budget(
    gains: pd.DataFrame,
    seconds_per_pair: Mapping[str, float],
    names: Mapping[str, str],
    latency_ms: Sequence[float],
) -> Figure:
    """What a budget buys: gain in R@1 against k, and the time of a query against k.

    gains: columns direction, k, metric, gain_percent, low, high; seconds_per_pair and names by
    model; latency_ms: budgets, drawn as lines.
    """
    figure, panels = plt.subplots(1, 2, figsize=(8, 4.2), sharex=True)
    for number, (direction, title) in enumerate(DIRECTIONS.items()):
        part = gains[(gains["direction"] == direction) & (gains["metric"] == "R@1")]
        look = series(number)
        panels[0].plot(part["k"], part["gain_percent"], label=title, markersize=4, **look)
        panels[0].fill_between(
            part["k"], part["low"], part["high"], color=look["color"], alpha=0.2, linewidth=0
        )
    panels[0].axhline(0, color=GREY, linewidth=1)
    panels[0].set(title="what k gains", xlabel="k", ylabel="gain in R@1 (points)", xscale="log")
    panels[0].legend(loc="upper left")
    ks = np.array(sorted(gains["k"].unique()))
    for number, (model, seconds) in enumerate(seconds_per_pair.items()):
        look = series(number + len(DIRECTIONS))
        panels[1].plot(ks, 1000 * seconds * ks, label=names[model], markersize=4, **look)
    for limit in latency_ms:
        panels[1].axhline(limit, color=GREY, linewidth=0.8, linestyle=":")
        label = f"{limit / 1000:g} s" if limit >= 1000 else f"{limit:g} ms"
        place = {"xycoords": ("axes fraction", "data"), "va": "center", "fontsize": 8}
        panels[1].annotate(label, (1.01, limit), color="#444444", annotation_clip=False, **place)
    panels[1].set(title="what k costs", xlabel="k", ylabel="time of a query (ms)", yscale="log")
    panels[1].legend(loc="upper left", bbox_to_anchor=(0, -0.2), ncols=3, fontsize=9)
    ticks = [k for k in ks if np.log2(k) % 2 == 0]
    panels[1].set_xticks(ticks, [str(k) for k in ticks])
    for panel in panels:
        panel.minorticks_off()
    plt.close(figure)
    return figure
