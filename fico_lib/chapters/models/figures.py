"""The learning curves of the released weights."""

import matplotlib
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from fico_lib.models import model_card
from fico_lib.report.figure_style import COLOURS, STYLE

COLUMNS = 3


@matplotlib.rc_context(STYLE)
def learning_curves(rows: pd.DataFrame) -> Figure | None:
    """A panel per model: validation score over steps, a line per seed and stage; None without.

    rows: as `results.curves` gives them. The best point of each line is marked.
    """
    if rows.empty:
        return None
    names = list(dict.fromkeys(rows["model"]))
    lines = -(-len(names) // COLUMNS)
    figure, panels = plt.subplots(lines, COLUMNS, figsize=(8, 2.1 * lines), squeeze=False)
    for panel in panels.flat[len(names) :]:
        panel.axis("off")
    for panel, name in zip(panels.flat, names, strict=False):
        for (seed, stage), own in rows[rows["model"] == name].groupby(["seed", "stage"]):
            best = own.loc[own["score"].idxmax()]
            style = {"color": COLOURS[seed % len(COLOURS)], "linewidth": 1}
            panel.plot(own["step"], own["score"], "--" if stage == "pretrain" else "-", **style)
            panel.plot(best["step"], best["score"], "o", markersize=4, color=style["color"])
        panel.set_title(model_card(name).title, fontsize=9)
        panel.tick_params(labelsize=8)
    for panel in panels[:, 0]:
        panel.set_ylabel("validation score", fontsize=8)
    for column in range(COLUMNS):
        lowest = [line[column] for line in panels if line[column].has_data()]
        if lowest:
            lowest[-1].set_xlabel("step", fontsize=8)
    plt.close(figure)
    return figure
