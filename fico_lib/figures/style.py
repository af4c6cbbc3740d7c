"""The look of every figure. Every series differs in marker and line as well as in colour."""

# Colours that stay apart in grey and for colour-blind readers (after Okabe and Ito, 2008).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
GREY = "#777777"  # of chance levels, limits and bases
LINES = ("-", "--", "-.", ":")
DIRECTIONS = {"i2t": "image to text", "t2i": "text to image"}

STYLE = {
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
