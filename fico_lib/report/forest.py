"""A forest plot: paired differences between models, with their intervals."""

from collections.abc import Sequence

import matplotlib
from matplotlib.figure import Figure

from fico_lib.evaluation.compare import Difference
from fico_lib.report.figure_style import COLOURS, GREY, MARKERS, STYLE

CLEAR = 0.05  # a corrected p below it is drawn filled


@matplotlib.rc_context(STYLE)
def forest(differences: Sequence[Difference]) -> Figure:
    """A panel for each task and metric, a line for each pair of models and direction.

    Filled: differences whose p, corrected for the number of all, is below 0.05.
    """
    places = list(dict.fromkeys((row.task, row.metric) for row in differences))
    by_place = {p: [r for r in differences if (r.task, r.metric) == p] for p in places}
    rows = [len(found) for found in by_place.values()]
    figure = Figure(figsize=(8, 1 + 0.5 * len(places) + 0.3 * sum(rows)))
    panels = figure.subplots(len(places), 1, squeeze=False, height_ratios=rows)[:, 0]
    for panel, ((task, metric), found) in zip(panels, by_place.items(), strict=True):
        for y, row in enumerate(found):
            number = int(row.direction == "t2i")
            colour = COLOURS[number]
            panel.plot([row.low, row.high], [y, y], color=colour, linewidth=1.5)
            panel.plot(
                row.difference, y, marker=MARKERS[number], color=colour,
                markerfacecolor=colour if row.p_holm < CLEAR else "white",
            )  # fmt: skip
        panel.axvline(0, color=GREY, linewidth=1)
        names = [f"{row.model} − {row.than}, {row.direction}" for row in found]
        panel.set_yticks(range(len(found)), names)
        panel.set_ylim(len(found) - 0.5, -0.5)
        panel.set_title(f"{metric}, {task}", loc="left", fontsize=10)
    panels[-1].set_xlabel("difference, with its 95 % interval over images")
    return figure
