"""Places the objects of a scene after its layout, nudged so that they hardly overlap."""

import numpy as np

from fico_lib.datasets.scenes.draws import Draws
from fico_lib.datasets.scenes.world import LAYOUTS, MAX_OBJECTS, SIDE

TRIES = 8  # candidate places per object, the first without overlap is taken
TOUCH = 3  # pixels by which two boxes may overlap


def _layout_centres(draws: Draws, layout: np.ndarray, n_objects: np.ndarray) -> np.ndarray:
    """Where the layout wants each object's centre, (n, MAX_OBJECTS, 2) pixels (x, y)."""
    n, slot, middle = len(layout), np.arange(MAX_OBJECTS), SIDE / 2
    step = np.minimum(17, 46 / (n_objects - 1))
    along = (slot - (n_objects[:, None] - 1) / 2) * step[:, None]
    across = 16 + 32 * draws.uniform("across", 1) + np.zeros((1, MAX_OBJECTS))
    slope = np.where(draws.uniform("slope", 1) < 0.5, -1, 1)
    turn = 2 * np.pi * (draws.uniform("turn", 1) + slot / n_objects[:, None])
    group = 20 + 24 * draws.uniform("group", 1, 2)
    spread = draws.uniform("spread", MAX_OBJECTS, 2)
    wanted = {
        "row": np.stack([middle + along, across], 2),
        "column": np.stack([across, middle + along], 2),
        "cluster": group + 28 * (spread - 0.5),
        "loop": middle + 21 * np.stack([np.cos(turn), np.sin(turn)], 2),
        "diagonal": np.stack([middle + along, middle + slope * along], 2),
        "scatter": 8 + (SIDE - 16) * spread,
    }
    return np.stack([wanted[name] for name in LAYOUTS])[layout, np.arange(n)]


def _overlap(corner: np.ndarray, side: np.ndarray, corners: np.ndarray, sides: np.ndarray):
    """Area, in square pixels, that a box shares with others, each shrunk by half of `TOUCH`.

    corner: (n, t, 2) upper left; side: (n,); corners: (n, j, 2); sides: (n, j). Returns (n, t).
    """
    low = np.maximum(corner[:, :, None], corners[:, None])
    high = np.minimum(
        (corner + side[:, None, None])[:, :, None], (corners + sides[..., None])[:, None]
    )
    return np.maximum(high - low - TOUCH, 0).prod(3).sum(2)


def place(draws: Draws, layout: np.ndarray, present: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Centres of the objects.

    layout: (n,) int; present: (n, MAX_OBJECTS) bool; side: (n, MAX_OBJECTS) pixels.
    Returns (n, MAX_OBJECTS, 2) float64, x and y; every box lies inside the image on whole pixels.
    """
    wanted = _layout_centres(draws, layout, present.sum(1))
    nudges = draws.uniform("nudge", MAX_OBJECTS, TRIES, 2) - 0.5
    nudges *= 4 + 5 * np.arange(TRIES)[:, None]  # each try may go farther
    corners = np.zeros_like(wanted)
    rows = np.arange(len(layout))
    for j in range(MAX_OBJECTS):
        centre = wanted[:, j, None] + nudges[:, j]
        corner = np.rint(centre - side[:, j, None, None] / 2)
        corner = np.clip(corner, 0, SIDE - side[:, j, None, None])
        sides = np.where(present[:, :j], side[:, :j], 0)
        best = _overlap(corner, side[:, j], corners[:, :j], sides).argmin(1)
        corners[:, j] = corner[rows, best]
    return corners + side[..., None] / 2
