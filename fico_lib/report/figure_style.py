"""The look of every figure. Every series differs in marker and line as well as in colour."""

from typing import Any

from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

# Colours that stay apart in grey and for colour-blind readers (after Okabe and Ito, 2008).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
GREY = "#777777"  # of chance levels, limits and bases
LINES = ("-", "--", "-.", ":")

STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "legend.frameon": False,
    "svg.hashsalt": "fico",  # the same figure gives the same file
    "figure.constrained_layout.use": True,
}


def series(number: int) -> dict:
    """Colour, marker and line of the series of that number, as arguments of `plot`."""
    turn = number // len(COLOURS)  # colours come again with other markers and lines
    return {
        "color": COLOURS[number % len(COLOURS)],
        "marker": MARKERS[(number + 3 * turn) % len(MARKERS)],
        "linestyle": LINES[(number + turn) % len(LINES)],
    }


def plain_log(axis) -> None:
    """Ticks of a logarithmic axis at 1 and 3 of each power of ten, written as plain numbers."""
    axis.set_major_locator(LogLocator(subs=(1, 3), numticks=20))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def name_points(panel, points: dict[str, tuple[float, float]]) -> None:
    """Write names beside a panel, each joined with its point (x, y): no two overlap.

    To be called when the panel's limits are settled; they stay as they are.
    """
    panel.autoscale(False)
    height = panel.get_window_extent().height / panel.figure.dpi * 72  # in points
    line = min(10 / height, 1 / max(len(points), 1))
    order = sorted(points, key=lambda name: points[name][1])
    at = [float(panel.transLimits.transform(points[name])[1]) for name in order]
    for i in range(1, len(at)):  # apart from below, then down from the top where that went beyond
        at[i] = max(at[i], at[i - 1] + line)
    for i in reversed(range(len(at))):
        at[i] = min(at[i], 1 - line * (len(at) - 1 - i))
    leader = {"arrowstyle": "-", "color": "#aaaaaa", "linewidth": 0.6, "shrinkA": 1, "shrinkB": 3}
    for name, y in zip(order, at, strict=True):
        panel.annotate(
            name, points[name], (1.03, y), textcoords="axes fraction", fontsize=8, va="center",
            arrowprops=leader,
        )  # fmt: skip
