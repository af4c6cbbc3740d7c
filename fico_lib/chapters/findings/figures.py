"""The figure of the findings."""

import matplotlib
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fico_lib.report.claims import FAILS, HOLDS, NOT_RUN, UNDECIDED
from fico_lib.report.claims_table import ABOVE, MARKS
from fico_lib.report.figure_style import COLOURS, STYLE

LOOKS = {  # a verdict differs in colour, in lightness and by its sign
    HOLDS: COLOURS[2],
    FAILS: COLOURS[1],
    UNDECIDED: COLOURS[5],
    NOT_RUN: "#e3e3e3",
}


@matplotlib.rc_context(STYLE)
def verdicts(rows: pd.DataFrame) -> Figure:
    """How many verdicts of each kind a topic has; hatched: a closed form is above.

    rows: columns topic, verdict and closed_form, one row per claim and setting.
    """
    topics = list(dict.fromkeys(rows["topic"]))
    longest = rows["topic"].value_counts().max()
    figure, panel = plt.subplots(figsize=(5.4, 1.5 + 0.44 * len(topics)))
    for place, topic in enumerate(topics):
        left, part = 0, rows[rows["topic"] == topic]
        for verdict, colour in LOOKS.items():
            of = part[part["verdict"] == verdict]
            for beaten in (False, True):
                width = int(((of["closed_form"] != "") == beaten).sum())
                if width:
                    panel.barh(place, width, left=left, height=0.7, color=colour, edgecolor="white",
                               hatch="////" if beaten else None)  # fmt: skip
                    text = f"{MARKS[verdict]}{ABOVE if beaten else ''} {width}"
                    white = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
                    if width > 0.06 * longest:
                        panel.text(left + width / 2, place, text, ha="center", va="center",
                                   fontsize=9, bbox=white)  # fmt: skip
                left += width
    for verdict, colour in LOOKS.items():
        panel.barh(0, 0, color=colour, label=f"{MARKS[verdict]} {verdict}")
    if (rows["closed_form"] != "").any():
        label = f"{ABOVE} a closed form is above"
        panel.barh(0, 0, color="#999999", edgecolor="white", hatch="////", label=label)
    panel.set_yticks(range(len(topics)), topics)
    panel.invert_yaxis()
    panel.grid(visible=False, axis="y")
    panel.set_axisbelow(True)
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.set_xlabel("verdicts: one for each claim and setting")
    figure.legend(loc="outside lower center", ncols=3, fontsize=9)
    plt.close(figure)
    return figure
