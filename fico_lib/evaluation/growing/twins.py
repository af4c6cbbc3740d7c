"""Candidates that no caption, or no label, tells apart from the right answer.

Of many scenes some have the very words of a query among their captions, and many show the same
kinds of objects. A model that ranks these before the right answer has hardly erred, so they are
counted apart.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from fico_lib.features.feature_split import FeatureSplit

TEXTS, LABELS = "texts", "labels"
KINDS = (TEXTS, LABELS)
Pairs = tuple[np.ndarray, np.ndarray]  # rows of queries, and of candidates


@dataclass(frozen=True)
class Texts:
    """What the captions of some images say, and what the images are labelled with.

    tokens: (n_texts, longest) int32, lengths: (n_texts,), text_of_caption and image_of_caption:
    (n_captions,) int64, labels: (n_images, n_categories) bool, as in `FeatureSplit`.
    """

    tokens: np.ndarray
    lengths: np.ndarray
    text_of_caption: np.ndarray
    image_of_caption: np.ndarray
    labels: np.ndarray

    @classmethod
    def of(cls, split: FeatureSplit) -> "Texts":
        """Those of a split, in memory; without labels there are no categories."""
        names = ("tokens", "lengths", "text_of_caption", "image_of_caption")
        labels = np.zeros((len(split.image_ids), 0), bool) if split.labels is None else split.labels
        return cls(
            **{name: np.array(getattr(split, name)) for name in names}, labels=np.array(labels)
        )


def text_keys(texts: Texts) -> list[bytes]:
    """A key of each distinct text (n_texts): equal for equal known words in the same order."""
    pairs = zip(texts.tokens, texts.lengths.tolist(), strict=True)
    return [np.ascontiguousarray(row[:length], np.int32).tobytes() for row, length in pairs]


def numbered(texts: Texts, known: dict[bytes, int]) -> np.ndarray:
    """The number of each caption's text (n_captions,) int64 in `known`; -1 where it is not."""
    of_text = np.array([known.get(key, -1) for key in text_keys(texts)], np.int64)
    return of_text[texts.text_of_caption]


class Twins:
    """What the queries of a split say, to find their twins among other scenes."""

    def __init__(self, test: Texts):
        self.known = {key: number for number, key in enumerate(text_keys(test))}
        self.sets = {row.tobytes(): n for n, row in enumerate(np.unique(test.labels, axis=0))}
        self.queries = self._members(test)

    def _members(self, texts: Texts) -> dict[tuple[str, str], sparse.csr_array]:
        """By kind and side: which of the test split's texts, or label sets, belong to an item."""
        n_images, n_captions = len(texts.labels), len(texts.image_of_caption)
        image = sparse.csr_array(
            (np.ones(n_captions, np.int32), (texts.image_of_caption, np.arange(n_captions))),
            shape=(n_images, n_captions),
        )
        captions = _one_hot(numbered(texts, self.known), len(self.known))
        sets = np.array([self.sets.get(row.tobytes(), -1) for row in texts.labels], np.int64)
        if not texts.labels.shape[1]:
            sets[:] = -1  # nothing is known of what they show
        labels = _one_hot(sets, len(self.sets))
        return {
            (TEXTS, "texts"): captions,
            (TEXTS, "images"): (image @ captions).tocsr(),
            (LABELS, "images"): labels,
            (LABELS, "texts"): (image.T @ labels).tocsr(),
        }

    def pairs(self, direction: str, others: Texts) -> dict[str, Pairs]:
        """The twins among other scenes, by kind: queries' rows and candidates' rows, each once.

        From text to image, images that have the query's text, or the labels of its image; from
        image to text, captions with a text of the image, or of scenes with its labels.
        """
        asking, asked = ("texts", "images") if direction == "t2i" else ("images", "texts")
        candidates = self._members(others)
        return {
            kind: (self.queries[kind, asking] @ candidates[kind, asked].T).nonzero()
            for kind in KINDS
        }


def _one_hot(numbers: np.ndarray, width: int) -> sparse.csr_array:
    """(n, width) int32 with a 1 at each number; none in the rows of -1."""
    rows = np.flatnonzero(numbers >= 0)
    ones = np.ones(len(rows), np.int32)
    return sparse.csr_array((ones, (rows, numbers[rows])), shape=(len(numbers), width))
