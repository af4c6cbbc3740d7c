"""Draws scene descriptions: which objects, where, in which colours, on which ground."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from fico_lib.datasets.scenes.draws import Draws, serials
from fico_lib.datasets.scenes.placement import place
from fico_lib.datasets.scenes.shapes import ANGLES
from fico_lib.datasets.scenes.world import (
    COLOURS,
    KINDS,
    LAYOUTS,
    MAX_OBJECTS,
    MIN_OBJECTS,
    SIZE_SIDES,
    THEME_KINDS,
    THEMES,
)

OBJECT = np.dtype(
    [("kind", "i4"), ("colour", "i4"), ("size", "i4"), ("x", "f4"), ("y", "f4"), ("side", "f4")]
)
# Probability that the first kind is in a scene: with the palette below it gives 33 % (coco) and
# 88 % (flickr) of image pairs with a common label.
DOMINANCE = {"coco": 0.25, "flickr": 0.915}
PALETTE = 3  # kinds of its theme that a scene keeps to
THEMATIC = 0.82  # probability that an object is of the palette, not of any kind


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


def _kinds(draws: Draws, theme: np.ndarray, present: np.ndarray, dominance: float) -> np.ndarray:
    """Kinds of the objects, (n, MAX_OBJECTS) int64, -1 where `present` is False."""
    palette = draws.uniform("palette", THEME_KINDS.shape[1]).argsort(1)
    palette = np.take_along_axis(THEME_KINDS[theme], palette[:, :PALETTE], 1)
    kinds = np.where(
        draws.uniform("thematic", MAX_OBJECTS) < THEMATIC,
        np.take_along_axis(palette, draws.below("of palette", PALETTE, MAX_OBJECTS), 1),
        1 + draws.below("any kind", len(KINDS) - 1, MAX_OBJECTS),
    )
    place_of_dominant = (draws.uniform("dominant place") * present.sum(1)).astype(np.int64)
    has_dominant = draws.uniform("dominant") < dominance
    kinds[has_dominant, place_of_dominant[has_dominant]] = 0
    return np.where(present, kinds, -1)


def sample(seed: int, stream: int, index: np.ndarray, skew: str) -> Scenes:
    """The scenes of the images `index` (n,) of one stream (one split) of the world `seed`."""
    draws, serial = Draws(seed, stream, index), serials(seed, stream, index)
    digits = (serial[:, None] >> (4 * np.arange(12, dtype=np.uint64))) & np.uint64(15)
    digits = digits.astype(np.int16)
    theme, layout = draws.below("theme", len(THEMES)), draws.below("layout", len(LAYOUTS))
    n_objects = MIN_OBJECTS + draws.below("n_objects", MAX_OBJECTS - MIN_OBJECTS + 1)
    present = np.arange(MAX_OBJECTS) < n_objects[:, None]

    objects = np.zeros((len(serial), MAX_OBJECTS), OBJECT)
    objects["kind"] = _kinds(draws, theme, present, DOMINANCE[skew])
    objects["colour"] = draws.below("colour", len(COLOURS), MAX_OBJECTS)
    objects["size"] = draws.below("size", len(SIZE_SIDES), MAX_OBJECTS)
    objects["side"] = SIZE_SIDES[objects["size"]]
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
