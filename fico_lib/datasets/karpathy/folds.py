"""Blocked cross-validation: the images of each class, in their files' order, cut into five blocks.

Files with neighbouring numbers are often alike: parts of one larger picture, described in the same
words. Random folds would put some of them into training and others into test; whole blocks seldom
do. Source: Roberts et al. 2017, "Cross-validation strategies for data with temporal, spatial,
hierarchical, or phylogenetic structure".
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fico_lib.datasets.karpathy.annotations import Entry
from fico_lib.datasets.karpathy.labels import Labels
from fico_lib.datasets.karpathy.parameters import FOLDS
from fico_lib.runtime.errors import InputError


def natural(name: str) -> tuple[str | int, ...]:
    """A key that sorts names by their numbers.

    >>> sorted(["10.jpg", "9.jpg", "b1.jpg"], key=natural)
    ['9.jpg', '10.jpg', 'b1.jpg']
    """
    parts = re.split(r"(\d+)", name)  # words and numbers in turn
    return tuple(int(part) if i % 2 else part for i, part in enumerate(parts))


def _classes(entries: Sequence[Entry], labels: Labels, path: Path) -> np.ndarray:
    """The class of each image (n,); InputError where there is not exactly one, for every image."""
    counts = labels[0].sum(1)
    if (counts != 1).any():
        row = int((counts != 1).argmax())
        raise InputError(
            f"data.fold: {path} has {counts[row]} labels for image '{entries[row].filename}'; "
            "expected one for every image, because the images are cut within classes"
        )
    classes = labels[0].argmax(1)
    sizes = np.bincount(classes, minlength=labels[0].shape[1])
    small = np.flatnonzero((sizes > 0) & (sizes < FOLDS))
    if len(small):
        raise InputError(
            f"data.fold: {path} has {sizes[small[0]]} images of class '{labels[1][small[0]]}'; "
            f"expected at least {FOLDS}, one for each block"
        )
    return classes


def blocks(entries: Sequence[Entry], labels: Labels, path: Path) -> np.ndarray:
    """The block, 0 to 4, of each image (n,) int64.

    Within a class the blocks are runs of files in natural order, whose lengths differ by at most 1.
    path: of the labels, for messages. Raises InputError without exactly one label per image,
    and where a class has fewer images than there are blocks.
    """
    classes = _classes(entries, labels, path)
    keys = [(natural(entry.folder), natural(entry.filename)) for entry in entries]
    order = np.array(sorted(range(len(entries)), key=keys.__getitem__))
    block = np.empty(len(entries), np.int64)
    for category in np.unique(classes):
        for number, rows in enumerate(np.array_split(order[classes[order] == category], FOLDS)):
            block[rows] = number
    return block


def split_names(block: np.ndarray, fold: int) -> list[str]:
    """The split of each image: block `fold` tests, the next one validates, the others train.

    >>> split_names(np.array([0, 1, 2, 3, 4]), 4)
    ['val', 'train', 'train', 'train', 'test']
    """
    roles = dict.fromkeys(range(FOLDS), "train") | {(fold + 1) % FOLDS: "val", fold: "test"}
    return [roles[number] for number in block.tolist()]
