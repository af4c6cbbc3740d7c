"""How like a real set the procedural one is: what category retrieval depends on, side by side.

The reference is measured with `statistics_of` on the real set's annotations, which are not
distributed here; `reference.csv` holds what came out, with the source of each number.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from fico_lib.chapters.data.results import label_overlap
from fico_lib.datasets.dataset import Split
from fico_lib.datasets.parameters import DataParameters
from fico_lib.datasets.scenes.load import load_split
from fico_lib.datasets.scenes.parameters import ScenesParameters
from fico_lib.features.text import words

IMAGES = 4952  # the labelled images of MS-COCO's Karpathy test split
COMMONEST = 5  # categories whose shares are compared
MOST_LABELS = 6  # the last bin: so many labels or more
COLUMNS = ["statistic", "reference", "scenes", "ratio", "source"]
DRAWS = 20  # of 1,000 images, for the label oracle's mean

Statistics = Iterator[tuple[str, float]]


def _labels(labels: np.ndarray) -> Statistics:
    """Statistics of labels (n_images, n_categories) bool, each image with at least one."""
    yield "image pairs that share a label (%)", label_overlap(labels)
    counts = labels.sum(1)
    for count in range(1, MOST_LABELS):
        yield f"images with {count} label{'s' * (count > 1)} (%)", 100 * (counts == count).mean()
    yield f"images with {MOST_LABELS} labels or more (%)", 100 * (counts >= MOST_LABELS).mean()
    shares = 100 * np.sort(labels.mean(0))[::-1]
    for place, share in enumerate(shares[:COMMONEST], 1):
        yield f"images with category {place} by frequency (%)", share
    yield "R@1 of the label oracle, 1,000 images (%)", label_oracle(labels, 1000)
    yield "R@1 of the label oracle, all images (%)", label_oracle(labels, len(labels))


def label_oracle(labels: np.ndarray, n: int) -> float:
    """R@1, in percent, of a scorer that knows each item's set of labels and nothing else.

    labels: (n_images, n_categories) bool. Among n images the right one ties with those of the same
    set, so the expected R@1 is the number of distinct sets / n; a mean over random draws of n.
    """
    numbers = np.unique(labels, axis=0, return_inverse=True)[1].ravel()
    if n >= len(labels):
        return 100 * (numbers.max() + 1) / len(labels)
    random = np.random.default_rng(0)
    drawn = [random.choice(numbers, n, replace=False) for _ in range(DRAWS)]
    return float(np.mean([100 * len(np.unique(some)) / n for some in drawn]))


@cache
def _word(category: str) -> re.Pattern:
    """Finds a category's name in a caption, in the singular or with a regular plural."""
    return re.compile(rf"\b{re.escape(category.lower())}(?:e?s)?\b")


def _naming(split: Split, images: np.ndarray) -> Statistics:
    """How often captions name the labels of their image, by the category's own name."""
    captions = [[] for _ in split.image_ids]
    for caption, image in zip(split.captions, split.image_of_caption, strict=True):
        captions[image].append(caption.lower())
    shares = []  # of the captions of an image that name one of its labels
    for image in images:
        for category in split.categories_of(image):
            named = [bool(_word(category).search(caption)) for caption in captions[image]]
            shares.append(np.mean(named))
    yield "a caption names a given label of its image (%)", 100 * np.mean(shares)
    yield "any of its captions names it (%)", 100 * np.mean(np.array(shares) > 0)


def statistics_of(split: Split) -> pd.DataFrame:
    """Rows of statistic, value: of its labels, where it has some, and of its captions."""
    rows: list[tuple[str, float]] = []
    if split.labels is not None:
        labelled = np.flatnonzero(split.labels.any(1))
        rows += [*_labels(split.labels[labelled]), *_naming(split, labelled)]
    lengths = [len(words(caption)) for caption in split.captions]
    rows.append(("words per caption, mean", np.mean(lengths)))
    rows.append(("words per caption, standard deviation", np.std(lengths)))
    distinct = len({caption.lower() for caption in split.captions})
    rows.append(("distinct captions (%)", 100 * distinct / len(split.captions)))
    return pd.DataFrame(rows, columns=["statistic", "value"])


def calibration(parameters: DataParameters) -> pd.DataFrame:
    """Rows of statistic, reference, scenes, ratio, source: of the skew that `parameters` ask for.

    No rows for real data, which stand for themselves.

    `scenes` is measured on as many images of the train stream as the reference has (4,952), so no
    image of the test split is looked at. A statistic that the reference does not have is left out.
    """
    if not isinstance(parameters, ScenesParameters):
        return pd.DataFrame(columns=COLUMNS)
    reference = pd.read_csv(files("fico_lib.chapters.data") / "reference.csv")
    reference = reference[reference["skew"] == parameters.skew].set_index("statistic")
    here = statistics_of(load_split(parameters, "train", IMAGES)).set_index("statistic")["value"]
    rows = reference[["reference", "source"]].join(here.rename("scenes")).reset_index()
    rows["ratio"] = rows["scenes"] / rows["reference"]
    return rows[COLUMNS]
