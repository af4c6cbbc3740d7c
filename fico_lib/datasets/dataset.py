"""The noun `Dataset`: images read lazily, captions, the caption-to-image map, labels, and ids."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from fico_lib.runtime.errors import InputError


class Images(Protocol):
    """Images that are read when asked for."""

    def __len__(self) -> int:
        """Number of images."""
        ...

    def read(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """The images at `rows`, uint8 (len(rows), height, width, 3)."""
        ...


def label_words(labels: np.ndarray, category_names: Sequence[str]) -> tuple[str, ...]:
    """Hashtags: the names of each image's categories, in one string per image.

    labels: (n_images, n_categories) bool.

    >>> label_words(np.array([[True, False, True], [False, True, False]]), ["star", "bar", "ring"])
    ('star ring', 'bar')
    """
    return tuple(
        " ".join(category_names[c] for c in np.flatnonzero(row)) for row in np.asarray(labels)
    )


@dataclass(frozen=True)
class Split:
    """One part (train, val, test, ...) of a data set.

    image_ids: (n_images,) str, unique.          images: read lazily, in the order of image_ids.
    captions: n_captions sentences.              caption_ids: (n_captions,) str, unique.
    image_of_caption: (n_captions,) int64, the row of the image that each caption describes;
        always explicit, counts may be uneven.
    labels: (n_images, n_categories) bool, or None; category_names: their names.
    hashtags: one string of label words per image, or None.
    objects: what a detector may be simulated from: (n_images, max_objects) structured array with
        fields kind (int, the category; -1 where there is no object), x, y, side (float, pixels),
        and any further attributes (int) that a detector may learn; None for real data.
    """

    name: str
    image_ids: np.ndarray
    images: Images
    captions: tuple[str, ...]
    caption_ids: np.ndarray
    image_of_caption: np.ndarray
    labels: np.ndarray | None = None
    category_names: tuple[str, ...] = ()
    hashtags: tuple[str, ...] | None = None
    objects: np.ndarray | None = None

    def __post_init__(self):
        n, m = len(self.image_ids), len(self.captions)
        where = f"split '{self.name}'"
        if len(self.images) != n:
            raise InputError(f"{where}: {len(self.images)} images but {n} image ids")
        for kind, ids in (("image", self.image_ids), ("caption", self.caption_ids)):
            values, counts = np.unique(ids, return_counts=True)
            if (counts > 1).any():
                raise InputError(f"{where}: {kind} id '{values[counts > 1][0]}' is used twice")
        if len(self.caption_ids) != m or self.image_of_caption.shape != (m,):
            raise InputError(
                f"{where}: {m} captions, {len(self.caption_ids)} caption ids and a map of shape "
                f"{self.image_of_caption.shape}; expected one of each per caption"
            )
        if m and not (0 <= self.image_of_caption.min() <= self.image_of_caption.max() < n):
            raise InputError(f"{where}: image_of_caption points outside the {n} images")
        bare = np.setdiff1d(np.arange(n), self.image_of_caption)
        if len(bare):
            raise InputError(f"{where}: image '{self.image_ids[bare[0]]}' has no caption")
        if self.labels is not None and self.labels.shape != (n, len(self.category_names)):
            raise InputError(
                f"{where}: labels of shape {self.labels.shape}; expected "
                f"({n} images, {len(self.category_names)} categories)"
            )

    def __len__(self) -> int:
        return len(self.image_ids)

    def captions_of(self, row: int) -> tuple[str, ...]:
        """The captions of the image at `row`."""
        return tuple(self.captions[c] for c in np.flatnonzero(self.image_of_caption == row))

    def categories_of(self, row: int) -> tuple[str, ...]:
        """The names of the categories of the image at `row`; none without labels."""
        labels = () if self.labels is None else np.flatnonzero(self.labels[row])
        return tuple(self.category_names[c] for c in labels)


@dataclass(frozen=True)
class Dataset:
    """A named set of splits; `description` is one line for tables and pages.

    parts_of_speech: word -> its kind, for the words of the captions that are known to be of one.
    """

    name: str
    description: str
    splits: dict[str, Split]
    parts_of_speech: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, split: str) -> Split:
        """The split of that name."""
        if split not in self.splits:
            raise InputError(
                f"data set '{self.name}' has no split '{split}'; it has {', '.join(self.splits)}"
            )
        return self.splits[split]
