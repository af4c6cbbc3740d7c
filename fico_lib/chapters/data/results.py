"""Rows of the data chapter: what a data set holds, and how ambiguous it is."""

import numpy as np
import pandas as pd

from fico_lib.datasets.dataset import Dataset, Split


def label_overlap(labels: np.ndarray, block: int = 1024) -> float:
    """Share of ordered pairs of different images with a common label, in percent.

    labels: (n_images, n_categories) bool. Counted in blocks of rows, so memory stays at
    block x n_images. This is the chance level of category-level retrieval among these images.

    >>> round(label_overlap(np.array([[1, 0], [1, 1], [0, 1]], dtype=bool)), 1)
    66.7
    """
    n, counted = len(labels), 0
    dense = labels.astype(np.float32)
    for start in range(0, n, block):
        counted += int(np.count_nonzero(dense[start : start + block] @ dense.T))
    own = int(np.count_nonzero(labels.any(axis=1)))  # pairs of an image with itself
    return 100 * (counted - own) / (n * (n - 1)) if n > 1 else float("nan")


def _count_words(caption: str) -> int:
    """Pieces between blanks in which there is a letter or a digit: a full stop alone is none.

    >>> _count_words("two planes , side by side .")
    5
    """
    return sum(any(map(str.isalnum, piece)) for piece in caption.split())


def _split_row(name: str, split: Split) -> dict[str, object]:
    per_image = np.bincount(split.image_of_caption, minlength=len(split.image_ids))
    distinct = len(set(split.captions))
    row = {
        "split": name,
        "images": len(split.image_ids),
        "captions": len(split.captions),
        "captions_per_image_min": per_image.min(),
        "captions_per_image_max": per_image.max(),
        "words_per_caption": np.mean([_count_words(caption) for caption in split.captions]),
        "distinct_captions_percent": 100 * distinct / len(split.captions),
    }
    if split.labels is not None:
        row["labels_per_image"] = split.labels.sum(axis=1).mean()
        row["pairs_sharing_a_label_percent"] = label_overlap(split.labels)
    return row


def splits(dataset: Dataset) -> pd.DataFrame:
    """One row per split: sizes, caption counts and repetition, labels and their overlap."""
    return pd.DataFrame([_split_row(name, split) for name, split in dataset.splits.items()])


def categories(split: Split) -> pd.DataFrame:
    """One row per category, most frequent first: the share of images that carry it."""
    share = 100 * split.labels.mean(axis=0)
    rows = pd.DataFrame({"category": split.category_names, "images_percent": share})
    return rows.sort_values("images_percent", ascending=False, ignore_index=True)
