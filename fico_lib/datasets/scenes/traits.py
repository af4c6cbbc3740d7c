"""What the outline of each kind is like: traits that a detector can learn without the kinds' names.

The evaluated categories are the kinds. A detector trained on them would hand the labels to every
model; one trained on traits (how much of its box an outline fills, whether it is symmetric, ...)
tells kinds apart only as far as they look different.
"""

import functools
from collections.abc import Callable

import numpy as np

from fico_lib.datasets.scenes.shapes import OUTLINES

GRID = 64  # points per side at which an outline is looked at


def _strokes(line: np.ndarray) -> int:
    """How many separate pieces a line (n,) of booleans has, at most 3."""
    return min(3, int((np.diff(line.astype(np.int64), prepend=0) == 1).sum()))


def _share(box: np.ndarray) -> int:
    return int(np.digitize(box.mean(), [0.45, 0.6, 0.75]))


def _aspect(box: np.ndarray) -> int:
    return int(np.digitize(box.shape[1] / box.shape[0], [0.9, 1.25]))


def _symmetric(box: np.ndarray, axis: int) -> int:
    return int((box != np.flip(box, axis)).mean() < 0.05)


def _balance(box: np.ndarray) -> int:
    return int(np.digitize(np.nonzero(box)[0].mean() / len(box), [0.47, 0.52]))


# Each looks at an outline inside its box, (height, width) bool, and gives a small number.
TRAITS: dict[str, Callable[[np.ndarray], int]] = {
    "share": _share,  # of the box that is filled
    "aspect": _aspect,  # tall, even or wide
    "mirrored": lambda box: _symmetric(box, 1),  # left and right alike
    "flipped": lambda box: _symmetric(box, 0),  # top and bottom alike
    "across": lambda box: _strokes(box[len(box) // 2]),  # pieces on the middle row
    "down": lambda box: _strokes(box[:, box.shape[1] // 2]),  # pieces on the middle column
    "balance": _balance,  # the centre of mass is high, in the middle or low
}


@functools.cache
def trait_table() -> np.ndarray:
    """The traits of every kind, int32 (kinds, traits), in the order of `TRAITS`."""
    points = (np.arange(GRID) + 0.5) / GRID * 2 - 1
    x, y = np.meshgrid(points, points)
    table = []
    for outline in OUTLINES.values():
        inside = outline(x, y)
        rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
        box = inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        table.append([trait(box) for trait in TRAITS.values()])
    return np.array(table, np.int32)
