"""Figures of the chapter on hashtags."""

import matplotlib
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from fico_lib.chapters.hashtags.results import TEXTS, Found
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.models import model_card
from fico_lib.report.figure_style import STYLE, series


@matplotlib.rc_context(STYLE)
def lines(found: Found, metric: str = "R@1") -> Figure:
    """A metric of each trained model over the kinds of text; a panel per direction."""
    rows = found.accuracy[found.accuracy["metric"] == metric]
    cells = rows.set_index(["model", "direction", "text"])["percent"]
    figure, panels = plt.subplots(2, 1, figsize=(5.8, 6.4), sharex=True)
    for panel, (direction, title) in zip(panels, DIRECTIONS.items(), strict=True):
        for number, model in enumerate(found.models):
            style = series(number)
            fine = model_card(model).granularity == "FG"
            style["linestyle"] = "-" if fine else "--"
            values = [cells[model, direction, text] for text in TEXTS]
            panel.plot(list(TEXTS), values, label=model, **style)
        panel.set(ylabel=f"{metric} (%)", title=title)
    handles = panels[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=4, fontsize=9)
    plt.close(figure)
    return figure
