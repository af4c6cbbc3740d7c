"""A simulated object detector: noisy boxes around known objects, and distractors.

It stands for the bottom-up attention detector of the paper's fine-grained models, whose 36 regions
per image are neither complete nor tight (FiCo-ITR, Section 2.1). Its quality is a knob.
"""

from dataclasses import dataclass

import numpy as np

NOTHING, WHOLE = -1, -2  # what a region that is no object's box shows

# At noise 1, the setting in which models of different strength differ clearly:
JITTER = 1.0  # standard deviation of a box's centre, pixels
WIDENING = 0.4  # a box is wider than its object by up to this fraction
MISSED = 0.1  # probability that an object has no box
MERGED = 0.1  # probability that an object is boxed together with its nearest neighbour
LARGEST_MERGED = 0.625  # side of a merged box at most, as a fraction of the image


@dataclass(frozen=True)
class Boxes:
    """What the simulated detector returns for n images.

    boxes: (n, regions, 4) float32: centre x, centre y, width, height in pixels;
    shows: (n, regions) int64, the object's column in `Split.objects`, or NOTHING, or WHOLE.
    """

    boxes: np.ndarray
    shows: np.ndarray


def nearest_other(objects: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each object the column of the nearest other one, and its distance in pixels.

    objects: (n, k) structured as in `Split.objects`. Returns (n, k) int64 and (n, k) float;
    the distance is infinite where there is no other object.
    """
    x, y, present = objects["x"], objects["y"], objects["kind"] >= 0
    distance = np.hypot(x[:, :, None] - x[:, None], y[:, :, None] - y[:, None])
    distance[~(present[:, :, None] & present[:, None])] = np.inf
    distance[:, np.arange(objects.shape[1]), np.arange(objects.shape[1])] = np.inf
    return distance.argmin(2), distance.min(2)


def object_boxes(
    objects: np.ndarray, side: int, noise: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Noisy square boxes of the objects.

    Returns ((n, k, 3): centre x, centre y, width in pixels; (n, k) bool: the object has a box).
    """
    shape, present = objects.shape, objects["kind"] >= 0
    x = objects["x"] + noise * JITTER * rng.standard_normal(shape)
    y = objects["y"] + noise * JITTER * rng.standard_normal(shape)
    width = objects["side"] * (1 + noise * WIDENING * rng.random(shape))

    other, distance = nearest_other(objects)
    neighbour = np.take_along_axis(objects, other, 1)
    merged = (rng.random(shape) < min(noise * MERGED, 1)) & np.isfinite(distance)
    x = np.where(merged, (objects["x"] + neighbour["x"]) / 2, x)
    y = np.where(merged, (objects["y"] + neighbour["y"]) / 2, y)
    around_both = distance + (objects["side"] + neighbour["side"]) / 2
    width = np.where(merged, np.minimum(around_both, LARGEST_MERGED * side), width)
    found = present & (rng.random(shape) >= min(noise * MISSED, 1))
    return np.stack([x, y, width], -1), found


def detect(
    objects: np.ndarray, side: int, regions: int, noise: float, rng: np.random.Generator
) -> Boxes:
    """Boxes of n square images of `side` pixels: objects, distractors, and the whole image last.

    objects: (n, k) as in `Split.objects`. The first regions - 1 boxes stand in random order;
    random distractors fill what the found objects leave, and surplus objects are dropped.
    """
    n, k = objects.shape
    boxes, found = object_boxes(objects, side, noise, rng)
    distractors = np.stack(
        [rng.uniform(low, high, (n, regions - 1)) for low, high in ((0.1, 0.9), (0.1, 0.9))]
        + [rng.uniform(0.14, 0.47, (n, regions - 1))],
        -1,
    )
    boxes = np.concatenate([boxes, side * distractors], 1)
    shows = np.concatenate([np.tile(np.arange(k), (n, 1)), np.full((n, regions - 1), NOTHING)], 1)
    # Found objects come before distractors, these before missed objects; then all are shuffled.
    turn = rng.random(shows.shape) + np.where(
        shows == NOTHING, 1, np.pad(2.0 * ~found, ((0, 0), (0, regions - 1)))
    )
    chosen = turn.argsort(1)[:, : regions - 1]
    chosen = rng.permuted(chosen, axis=1)
    boxes = np.take_along_axis(boxes, chosen[..., None], 1)
    boxes = np.concatenate([boxes, np.tile([side / 2, side / 2, side], (n, 1, 1))], 1)
    shows = np.concatenate([np.take_along_axis(shows, chosen, 1), np.full((n, 1), WHOLE)], 1)
    return Boxes(boxes[..., [0, 1, 2, 2]].astype(np.float32), shows)


def cut(images: np.ndarray, boxes: np.ndarray, size: int) -> np.ndarray:
    """The boxes' content, each resized to `size` x `size` pixels by taking the nearest ones.

    images: (n, height, width, 3) uint8; boxes: (n, regions, 4) in pixels, may reach outside (the
    border is repeated). Returns (n, regions, size, size, 3) uint8.
    """
    n, height, width, _ = images.shape
    steps = (np.arange(size) + 0.5) / size - 0.5
    x = (boxes[..., 0, None] + steps * boxes[..., 2, None]).astype(np.int64).clip(0, width - 1)
    y = (boxes[..., 1, None] + steps * boxes[..., 3, None]).astype(np.int64).clip(0, height - 1)
    return images[np.arange(n)[:, None, None, None], y[..., :, None], x[..., None, :]]
