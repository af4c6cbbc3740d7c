"""Draws scene descriptions: which objects, where, in which colours, on which ground."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from fico_lib.datasets.scenes.draws import Draws, serials
from fico_lib.datasets.scenes.placement import place
from fico_lib.datasets.scenes.shapes import ANGLES
from fico_lib.datasets.scenes.traits import TRAITS, trait_table
from fico_lib.datasets.scenes.world import (
    COLOURS,
    HOME,
    KINDS,
    LAYOUTS,
    MAX_OBJECTS,
    MIN_OBJECTS,
    SIZE_SIDES,
    THEMES,
)

OBJECT = np.dtype(
    [("kind", "i4"), ("colour", "i4"), ("size", "i4"), ("x", "f4"), ("y", "f4"), ("side", "f4")]
    + [(trait, "i4") for trait in TRAITS]
)
# How many categories a scene shows: of 1 to 7, the shares among the labelled images of MS-COCO's
# Karpathy test split, with its "seven or more" as seven.
CATEGORIES_SHOWN = np.array([0.212, 0.305, 0.208, 0.119, 0.067, 0.040, 0.049])
# Probability that the first kind is among them, in scenes of one category, of two, and of more: as
# 'person' in MS-COCO (coco), and so often that 88 % of the pairs share a label (flickr).
DOMINANCE = {"coco": (0.02, 0.46, 0.73), "flickr": (0.84, 0.95, 0.97)}
# How frequent the other kinds are, relative to one another: a few stand out, as in MS-COCO.
FREQUENCY = np.concatenate([[0, 2.7, 2.6, 2.5, 1.25, 1.2], np.linspace(1.1, 0.65, len(KINDS) - 6)])
THEMATIC = 30.0  # a kind is this much more frequent in the scenes of its own theme
REPEATED = 2  # objects at most that are of a kind another one is of; a scene has at least three


@dataclass(frozen=True)
class Scenes:
    """Descriptions of n scenes, as arrays; small, so that images are drawn only when read.

    seed, stream: where the draws come from.     index: (n,) int64, the image's index in its split.
    serial: (n,) uint64, unique.                 theme, layout: (n,) int64.
    objects: (n, MAX_OBJECTS) of `OBJECT`; x, y is the centre; kind -1 where there is none.
    angle: (n, MAX_OBJECTS) int64.               tint: (n, 3) 0-15.
    gradient: (n, 2, 3) 0-15.                    shade: (n, MAX_OBJECTS) 0-15.

    tint, gradient and the first three shades are the twelve hexadecimal digits of the serial
    number, and every scene has three objects: two scenes of one seed never look alike in all of
    them.
    """

    seed: int
    stream: int
    index: np.ndarray
    serial: np.ndarray
    theme: np.ndarray
    layout: np.ndarray
    objects: np.ndarray
    angle: np.ndarray
    tint: np.ndarray
    gradient: np.ndarray
    shade: np.ndarray

    def __len__(self) -> int:
        return len(self.index)

    def take(self, rows: np.ndarray) -> "Scenes":
        """The scenes at `rows`."""
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        return Scenes(**{k: v[rows] if isinstance(v, np.ndarray) else v for k, v in parts.items()})


def join(parts: Sequence[Scenes]) -> Scenes:
    """The scenes of several parts of one stream, one after another."""
    arrays = {
        f.name: np.concatenate([getattr(part, f.name) for part in parts])
        for f in fields(Scenes)
        if f.name not in ("seed", "stream")
    }
    return Scenes(seed=parts[0].seed, stream=parts[0].stream, **arrays)


def _shown(draws: Draws, theme: np.ndarray, skew: str) -> tuple[np.ndarray, np.ndarray]:
    """Which kinds each scene shows, in random order, and how many.

    Returns (n, MAX_OBJECTS) int64, of which the first (n,) int64 of a row count.
    """
    count = 1 + (draws.uniform("categories")[:, None] >= CATEGORIES_SHOWN.cumsum()[:-1]).sum(1)
    likely = np.array(DOMINANCE[skew])[np.minimum(count, 3) - 1]
    dominant = draws.uniform("dominant") < likely
    rate = FREQUENCY * np.where(theme[:, None] == HOME, THEMATIC, 1.0)
    # Weighted sampling without replacement: the earliest of exponential times.
    with np.errstate(divide="ignore"):
        times = -np.log1p(-draws.uniform("kinds", len(KINDS))) / rate
    times[:, 0] = np.where(dominant, -1.0, np.inf)
    return times.argsort(1)[:, :MAX_OBJECTS], count


def _kinds(draws: Draws, theme: np.ndarray, skew: str) -> np.ndarray:
    """Kinds of the objects, (n, MAX_OBJECTS) int64, -1 where there is none."""
    shown, count = _shown(draws, theme, skew)
    slot = np.arange(MAX_OBJECTS)
    again = (draws.uniform("again", MAX_OBJECTS) * count[:, None]).astype(np.int64)
    kinds = np.take_along_axis(shown, np.where(slot < count[:, None], slot, again), 1)
    wanted = count + draws.below("repeated", REPEATED + 1)
    n_objects = np.clip(wanted, MIN_OBJECTS, MAX_OBJECTS)
    absent = slot >= n_objects[:, None]
    order = (draws.uniform("order", MAX_OBJECTS) + absent).argsort(1)
    return np.where(absent, -1, np.take_along_axis(kinds, order, 1))


def sample(seed: int, stream: int, index: np.ndarray, skew: str) -> Scenes:
    """The scenes of the images `index` (n,) of one stream (one split) of the world `seed`."""
    draws, serial = Draws(seed, stream, index), serials(seed, stream, index)
    digits = (serial[:, None] >> (4 * np.arange(12, dtype=np.uint64))) & np.uint64(15)
    digits = digits.astype(np.int16)
    theme, layout = draws.below("theme", len(THEMES)), draws.below("layout", len(LAYOUTS))

    objects = np.zeros((len(serial), MAX_OBJECTS), OBJECT)
    objects["kind"] = _kinds(draws, theme, skew)
    present = objects["kind"] >= 0
    objects["colour"] = draws.below("colour", len(COLOURS), MAX_OBJECTS)
    objects["size"] = draws.below("size", len(SIZE_SIDES), MAX_OBJECTS)
    objects["side"] = SIZE_SIDES[objects["size"]]
    for trait, values in zip(TRAITS, trait_table().T, strict=True):
        objects[trait] = values[objects["kind"]]
    centres = place(draws, layout, present, objects["side"])
    objects["x"], objects["y"] = centres[..., 0], centres[..., 1]
    nothing = np.zeros(1, OBJECT)
    nothing["kind"] = -1
    objects[~present] = nothing

    shade = draws.below("shade", 16, MAX_OBJECTS)
    shade[:, :3] = digits[:, 9:]
    return Scenes(
        seed=seed,
        stream=stream,
        index=np.asarray(index, np.int64),
        serial=serial,
        theme=theme,
        layout=layout,
        objects=objects,
        angle=draws.below("angle", len(ANGLES), MAX_OBJECTS),
        tint=digits[:, :3],
        gradient=digits[:, 3:9].reshape(-1, 2, 3),
        shade=shade,
    )
