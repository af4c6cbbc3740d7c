"""Draws scenes as images, in blocks and in whole numbers: equal seeds give equal pixels."""

from collections.abc import Sequence

import numpy as np

from fico_lib.datasets.scenes.draws import NOISE_SD, SERIAL_BITS, Draws
from fico_lib.datasets.scenes.sample import Scenes
from fico_lib.datasets.scenes.shapes import FULL, sprites
from fico_lib.datasets.scenes.world import (
    COLOUR_RGB,
    MAX_OBJECTS,
    SIDE,
    SIZE_SIDES,
    THEME_RGB,
    THEME_TEXTURE,
)

BLOCK = 64  # images drawn at once: small enough for the processor's cache
TEXTURE = 13  # levels between the two tones of a texture
STRIPE = 4  # pixels


def _ground(scenes: Scenes, draws: Draws) -> np.ndarray:
    """The empty ground: the theme's colour, tinted, with two gradients and the theme's texture.

    Returns int16 (n, SIDE, SIDE, 3).
    """
    colour = THEME_RGB[scenes.theme] + 2 * scenes.tint - 15
    ramp = (2 * np.arange(SIDE, dtype=np.int16) - SIDE + 1)[:, None]  # -63 ... 63
    slope = 2 * (2 * scenes.gradient - 15)
    down = colour[:, None] + ((ramp * slope[:, None, 0]) >> 7)
    ground = down[:, :, None] + ((ramp * slope[:, None, 1]) >> 7)[:, None]

    phase = draws.below("phase", 2 * STRIPE, 2, 1)
    stripes = ((np.arange(SIDE) + phase) // STRIPE % 2).astype(np.int16)
    rows, columns = stripes[:, 0, :, None], stripes[:, 1, None, :]
    kind = THEME_TEXTURE[scenes.theme][:, None, None]
    texture = np.where(kind == 1, rows, np.where(kind == 2, columns, rows ^ columns))
    ground += np.where(kind == 0, np.int16(0), TEXTURE * texture - TEXTURE // 2)[..., None]
    return ground


def _colours(scenes: Scenes, draws: Draws) -> np.ndarray:
    """The colours of the objects, shaded and off by a little: int16 (n, MAX_OBJECTS, 3)."""
    shaded = COLOUR_RGB[scenes.objects["colour"]].astype(np.int32)
    shaded = (shaded * (192 + 5 * scenes.shade[..., None])) >> 8  # 0.75 to 1.04 of the colour
    off = draws.below("hue", 41, MAX_OBJECTS, 3) - 20
    return np.clip(shaded + off, 0, 255).astype(np.int16)


def _draw(image: np.ndarray, scenes: Scenes, colours: np.ndarray, slot: int, size: int) -> None:
    """Paint the objects in `slot` that have `size` over the images, in place."""
    objects = scenes.objects[:, slot]
    rows = np.flatnonzero((objects["size"] == size) & (objects["kind"] >= 0))
    side, objects = SIZE_SIDES[size], objects[rows]
    cover = sprites()[size][objects["kind"], scenes.angle[rows, slot]][..., None]
    span = np.arange(side) - side / 2
    y = (objects["y"][:, None] + span).astype(np.int64)[:, :, None]
    x = (objects["x"][:, None] + span).astype(np.int64)[:, None, :]
    at = rows[:, None, None], y, x
    under = image[at]
    image[at] = under + (colours[rows, slot][:, None, None] - under) * cover // FULL


def _stamp(images: np.ndarray, serial: np.ndarray) -> None:
    """Write the serial numbers into the lowest bits of the first bytes: no two images are equal."""
    bits = (serial[:, None] >> np.arange(SERIAL_BITS, dtype=np.uint64)) & np.uint64(1)
    first = images.reshape(len(images), -1)[:, :SERIAL_BITS]
    first &= 0xFE
    first |= bits.astype(np.uint8)


def render(scenes: Scenes, noise: float) -> np.ndarray:
    """The images of the scenes, uint8 (n, SIDE, SIDE, 3); noise: standard deviation, range 0-1."""
    draws = Draws(scenes.seed, scenes.stream, scenes.index)
    image = _ground(scenes, draws)
    colours = _colours(scenes, draws)
    for slot in range(MAX_OBJECTS):
        for size in range(len(SIZE_SIDES)):
            _draw(image, scenes, colours, slot, size)
    if noise:
        grain = draws.noise("noise", SIDE, SIDE, 3)
        image += np.rint(grain * np.float32(255 * noise / NOISE_SD)).astype(np.int16)
    pixels = np.clip(image, 0, 255).astype(np.uint8)
    _stamp(pixels, scenes.serial)
    return pixels


class SceneImages:
    """The images of `scenes`, drawn when read and never kept."""

    def __init__(self, scenes: Scenes, noise: float):
        self.scenes, self.noise = scenes, noise

    def __len__(self) -> int:
        return len(self.scenes)

    def read(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """The images at `rows`, uint8 (len(rows), SIDE, SIDE, 3)."""
        rows = np.asarray(rows, np.int64)
        images = np.empty((len(rows), SIDE, SIDE, 3), np.uint8)
        for start in range(0, len(rows), BLOCK):
            block = slice(start, start + BLOCK)
            images[block] = render(self.scenes.take(rows[block]), self.noise)
        return images
