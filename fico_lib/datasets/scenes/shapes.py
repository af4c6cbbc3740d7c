"""The outlines of the kinds, and their anti-aliased sprites in every size and angle."""

import functools
from collections.abc import Callable

import numpy as np

from fico_lib.datasets.scenes.world import KINDS, SIZE_SIDES

ANGLES = np.deg2rad([-14, -7, 0, 7, 14])
SUBSAMPLES = 8  # per pixel and axis, so that coverage counts 0 ... 64
FULL = SUBSAMPLES**2

Outline = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _polygon(corners: int, turn: float) -> Outline:
    """A regular polygon in the unit circle, turned by `turn` radians."""
    sector = 2 * np.pi / corners

    def inside(x, y):
        t = np.arctan2(y, x) + turn
        return np.hypot(x, y) * np.cos(t % sector - sector / 2) <= 0.98 * np.cos(sector / 2)

    return inside


def _star(x, y):
    half = np.pi / 5
    t = np.abs((np.arctan2(y, x) + np.pi / 2 + half) % (2 * half) - half) / half  # 0 at a tip
    return np.hypot(x, y) <= 0.98 * (1 - 0.62 * t)


def _cross(x, y):
    return (np.minimum(abs(x), abs(y)) <= 0.28) & (np.maximum(abs(x), abs(y)) <= 0.95)


def _heart(x, y):
    x, y = 1.25 * x, 0.15 - 1.25 * y
    return (x * x + y * y - 0.8) ** 3 - 1.3 * x * x * y**3 <= 0


def _arrow(x, y):
    shaft = (abs(y) <= 0.22) & (x >= -0.95) & (x <= 0.2)
    return shaft | ((x >= 0.05) & (abs(y) <= 0.85 * (0.95 - x)))


def _corner(x, y):
    upright = (x >= -0.9) & (x <= -0.3) & (abs(y) <= 0.9)
    return upright | ((y >= 0.3) & (y <= 0.9) & (abs(x) <= 0.9))


def _tee(x, y):
    top = (y >= -0.9) & (y <= -0.35) & (abs(x) <= 0.9)
    return top | ((abs(x) <= 0.27) & (abs(y) <= 0.9))


def _frame(x, y):
    m = np.maximum(abs(x), abs(y))
    return (m <= 0.85) & (m >= 0.48)


def _kite(x, y):
    width = np.where(y < -0.25, (y + 0.97) / 0.72, (0.97 - y) / 1.22)
    return (abs(x) <= 0.6 * width) & (abs(y) <= 0.97)


def _bolt(x, y):
    upper = (abs(x - 0.35 + 0.6 * y) <= 0.3) & (y <= 0.1) & (y >= -0.95)
    return upper | ((abs(x + 0.35 + 0.6 * y) <= 0.3) & (y >= -0.1) & (y <= 0.95))


def _staircase(x, y):
    return (abs(y) <= 0.9) & (x <= 0.9) & (x >= 0.3 - 0.6 * np.floor((y + 0.9) / 0.6))


def _gear(x, y):
    r = np.hypot(x, y)
    return (r <= 0.72 + 0.22 * (np.cos(8 * np.arctan2(y, x)) > 0)) & (r >= 0.3)


def _target(x, y):
    r = np.hypot(x, y)
    return (r <= 0.4) | ((r <= 0.95) & (r >= 0.68))


def _horseshoe(x, y):
    r, arms = np.hypot(x, y + 0.05), (abs(x) >= 0.4) & (abs(x) <= 0.92) & (y <= 0) & (y >= -0.92)
    return ((r <= 0.92) & (r >= 0.4) & (y >= -0.05)) | arms


def _chevron(x, y):
    ridge = y - 1.1 * abs(x)
    return (ridge >= -0.75) & (ridge <= -0.05) & (abs(x) <= 0.92)


def _comb(x, y):
    teeth = (y >= -0.5) & (y <= 0.9) & (np.floor((x + 0.9) / 0.36) % 2 == 0)
    return (abs(x) <= 0.9) & (((y >= -0.9) & (y <= -0.4)) | teeth)


def _fish(x, y):
    body = ((x + 0.25) / 0.7) ** 2 + (y / 0.55) ** 2 <= 1
    return body | ((x >= 0.3) & (x <= 0.95) & (abs(y) <= 1.2 * (x - 0.25)))


def _tree(x, y):
    tiers = (abs(x) <= 0.75 * np.where(y < -0.2, (y + 0.97) / 0.77, (y + 0.35) / 0.75)) & (y <= 0.4)
    return tiers | ((abs(x) <= 0.2) & (y >= 0.4) & (y <= 0.95))


def _crown(x, y):
    points = -0.75 + 1.1 * abs((x + 0.9) / 0.6 % 1 - 0.5) * 2
    return (abs(x) <= 0.9) & (y <= 0.75) & (y >= 0.35 - points - 0.75)


def _mushroom(x, y):
    cap = (x / 0.95) ** 2 + ((y - 0.05) / 0.9) ** 2 <= 1
    return (cap & (y <= 0.05)) | ((abs(x) <= 0.27) & (y >= 0) & (y <= 0.92))


def _clover(x, y):
    leaves = [(0.0, -0.48), (-0.48, 0.1), (0.48, 0.1)]
    leaf = [np.hypot(x - a, y - b) <= 0.45 for a, b in leaves]
    return leaf[0] | leaf[1] | leaf[2] | ((abs(x) <= 0.12) & (y >= 0) & (y <= 0.95))


def _fan(x, y):
    return (np.hypot(x + 0.75, y - 0.75) <= 1.6) & (x >= -0.75) & (y <= 0.75)


def _ladder(x, y):
    rails = (abs(x) >= 0.35) & (abs(x) <= 0.7) & (abs(y) <= 0.95)
    return rails | ((abs(x) <= 0.5) & ((abs(y - 0.45) <= 0.17) | (abs(y + 0.45) <= 0.17)))


def _peanut(x, y):
    return np.minimum(np.hypot(x - 0.5, y), np.hypot(x + 0.5, y)) <= 0.46


def _zigzag(x, y):
    wave = 0.55 - 1.1 * abs((x + 0.95) / 0.95 % 1 - 0.5) * 2
    return (abs(x) <= 0.95) & (abs(y - wave) <= 0.36)


OUTLINES: dict[str, Outline] = {
    "circle": lambda x, y: np.hypot(x, y) <= 0.92,
    "triangle": _polygon(3, np.pi / 6),
    "square": lambda x, y: np.maximum(abs(x), abs(y)) <= 0.78,
    "diamond": lambda x, y: abs(x) + abs(y) <= 0.98,
    "pentagon": _polygon(5, np.pi / 10),
    "hexagon": _polygon(6, 0.0),
    "star": _star,
    "cross": _cross,
    "saltire": lambda x, y: _cross((x + y) / 2**0.5, (x - y) / 2**0.5),
    "ring": lambda x, y: abs(np.hypot(x, y) - 0.735) <= 0.215,
    "heart": _heart,
    "crescent": lambda x, y: (np.hypot(x, y) <= 0.95) & (np.hypot(x - 0.42, y) >= 0.72),
    "arrow": _arrow,
    "corner": _corner,
    "tee": _tee,
    "dome": lambda x, y: (np.hypot(x, y - 0.45) <= 0.97) & (y <= 0.45),
    "ellipse": lambda x, y: (x / 0.97) ** 2 + (y / 0.5) ** 2 <= 1,
    "bar": lambda x, y: (abs(x) <= 0.97) & (abs(y) <= 0.26),
    "frame": _frame,
    "hourglass": lambda x, y: (abs(x) <= abs(y)) & (abs(y) <= 0.9),
    "kite": _kite,
    "trapezoid": lambda x, y: (abs(y) <= 0.6) & (abs(x) <= 0.65 + 0.4 * y),
    "bolt": _bolt,
    "staircase": _staircase,
    "bowtie": lambda x, y: (abs(y) <= abs(x)) & (abs(x) <= 0.9),
    "gear": _gear,
    "target": _target,
    "slash": lambda x, y: (abs(x + y) <= 0.4) & (abs(x - y) <= 1.5),
    "horseshoe": _horseshoe,
    "chevron": _chevron,
    "comb": _comb,
    "fish": _fish,
    "tree": _tree,
    "crown": _crown,
    "mushroom": _mushroom,
    "clover": _clover,
    "fan": _fan,
    "ladder": _ladder,
    "peanut": _peanut,
    "zigzag": _zigzag,
}


@functools.cache
def sprites() -> tuple[np.ndarray, ...]:
    """Coverage of every kind and angle, one array per size.

    Each is int16 (kinds, angles, side, side), 0 (outside) ... `FULL` (inside); y points down.
    """
    tables = []
    for side in SIZE_SIDES:
        grid = (np.arange(side * SUBSAMPLES) + 0.5) / (side * SUBSAMPLES) * 2 - 1
        x, y = np.meshgrid(grid, grid)
        table = np.empty((len(KINDS), len(ANGLES), side, side), np.int16)
        for a, angle in enumerate(ANGLES):
            u = x * np.cos(angle) + y * np.sin(angle)
            v = y * np.cos(angle) - x * np.sin(angle)
            for k, kind in enumerate(KINDS):
                fine = OUTLINES[kind](u, v).reshape(side, SUBSAMPLES, side, SUBSAMPLES)
                table[k, a] = fine.sum((1, 3))
        tables.append(table)
    return tuple(tables)
