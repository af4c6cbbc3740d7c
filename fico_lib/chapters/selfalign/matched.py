"""Whether the regions that words match show what the words name: the truth that `scenes` knows."""

import numpy as np
import pandas as pd

from fico_lib.chapters.selfalign.words import occurrences
from fico_lib.datasets.dataset import Split
from fico_lib.datasets.scenes.captions import plural
from fico_lib.datasets.scenes.world import KINDS
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.features.text import UNKNOWN
from fico_lib.models.selfalign import SelfAlign

OVERLAP = 0.5  # of a box and an object at least, as intersection over union


def kinds_of_words(split: FeatureSplit) -> dict[int, int]:
    """Number of a word -> number of the kind that it names, of the words that name one."""
    names = {
        form: kind
        for kind, words in enumerate(KINDS.values())
        for word in words
        for form in (word, plural(word))
    }
    numbers = {str(word): i + UNKNOWN + 1 for i, word in enumerate(split.words)}
    return {numbers[name]: kind for name, kind in names.items() if name in numbers}


def kinds_of_regions(boxes: np.ndarray, objects: np.ndarray, side: int) -> np.ndarray:
    """The kind of object that each region shows, (n, regions) int64; -1 where it shows none well.

    boxes: (n, regions, 4) centre x, centre y, width, height as fractions of the image; objects:
    (n, k) as in `Split.objects`; side: of the images in pixels.
    """
    low, high = _corners(boxes[..., :2], boxes[..., 2:])
    centres = np.stack([objects["x"], objects["y"]], -1) / side
    from_, to = _corners(centres, objects["side"][..., None] / side)
    shared = np.minimum(high[:, :, None], to[:, None]) - np.maximum(low[:, :, None], from_[:, None])
    shared = shared.clip(min=0).prod(-1)  # (n, regions, k)
    whole = (high - low).prod(-1)[:, :, None] + (to - from_).prod(-1)[:, None] - shared
    overlap = np.where((objects["kind"] >= 0)[:, None], shared / np.maximum(whole, 1e-9), 0)
    best = overlap.argmax(2)
    kinds = np.take_along_axis(objects["kind"], best, 1).astype(np.int64)
    return np.where(overlap.max(2) >= OVERLAP, kinds, -1)


def _corners(centres: np.ndarray, sides: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return centres - sides / 2, centres + sides / 2


def matched(model: SelfAlign, split: FeatureSplit, images: Split) -> pd.DataFrame:
    """One row per image whose captions name a kind that one of its regions shows.

    words: how many of its captions' words do; percent: of them, those whose matched region shows
    the kind; chance_percent: the same of a region drawn at random. images: the split that the
    features are of; empty where it says nothing about objects.
    """
    if images.objects is None:
        return pd.DataFrame(columns=["image", "words", "percent", "chance_percent"])
    side = images.images.read(np.arange(1)).shape[1]
    shown, kinds = kinds_of_regions(split.boxes, images.objects, side), kinds_of_words(split)
    found = pd.concat(occurrences(model, split, list(kinds)))
    image, kind = found["image"].to_numpy(), found["number"].map(kinds).to_numpy()
    right = shown[image] == kind[:, None]
    found["percent"] = 100.0 * right[np.arange(len(found)), found["region"].to_numpy()]
    found["chance_percent"] = 100 * right.mean(1)
    rows = found[right.any(1)].groupby("image")
    means = rows[["percent", "chance_percent"]].mean()
    means.insert(0, "words", rows.size())
    return means.reset_index()
