"""Tasks: which candidates are relevant to a query (FiCo-ITR, Section 3.4).

Instance: an image and its own captions. Category: whatever shares at least one label. Both may be
replaced by explicit judgements, a sparse matrix of images × captions.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from fico_lib.runtime.arrays import as_bits, as_numpy
from fico_lib.runtime.errors import InputError

MOST_CATEGORIES = 10**6  # a larger category number is a sign of other content
DIRECTIONS = {"i2t": "image to text", "t2i": "text to image"}


@dataclass(frozen=True)
class Positives:
    """The relevant candidates of each query, as lists in one array.

    starts: (n_queries + 1,) int64; candidates: (starts[-1],) int64, ascending within a query.
    """

    starts: np.ndarray
    candidates: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """Relevant candidates per query, (n_queries,)."""
        return np.diff(self.starts)

    def padded(self, rows: np.ndarray) -> np.ndarray:
        """Candidates of the queries `rows`, (len(rows), most), -1 where there is none."""
        counts = self.counts[rows]
        slots = np.arange(max(1, int(counts.max(initial=0))))
        filled = slots < counts[:, None]
        places = np.where(filled, self.starts[rows][:, None] + slots, 0)
        if not len(self.candidates):
            return np.full(places.shape, -1)
        return np.where(filled, self.candidates[places], -1)

    def block(self, rows: np.ndarray, candidates: int) -> np.ndarray:
        """Relevance (len(rows), candidates) bool of the queries `rows`."""
        block = np.zeros((len(rows), candidates), bool)
        block[self.pairs(rows)] = True
        return block

    def pairs(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Place in `rows`, and candidate, of every relevant pair of the queries `rows`."""
        padded = self.padded(rows)
        query, slot = np.nonzero(padded >= 0)
        return query, padded[query, slot]


def instance_positives(image_of_caption: np.ndarray, n_images: int) -> dict[str, Positives]:
    """An image's captions, and a caption's image.

    >>> instance_positives(np.array([1, 0, 1]), 2)["i2t"].padded(np.array([0, 1]))
    array([[ 1, -1],
           [ 0,  2]])
    """
    counts = np.bincount(image_of_caption, minlength=n_images)
    return {
        "i2t": Positives(
            np.concatenate([[0], counts.cumsum()]), np.argsort(image_of_caption, kind="stable")
        ),
        "t2i": Positives(np.arange(len(image_of_caption) + 1), image_of_caption),
    }


def explicit_positives(relevance: object, n_images: int, n_captions: int) -> dict[str, Positives]:
    """Positives from judgements: a sparse or dense (n_images, n_captions), non-zero is relevant.

    A pair of matrices, (images × captions, captions × images), judges the directions separately.
    """
    pair = relevance if isinstance(relevance, tuple) else (relevance, None)
    if len(pair) != 2:
        raise InputError(f"relevance: a tuple of {len(pair)}; expected (i2t, t2i)")
    i2t = _judgements(pair[0], (n_images, n_captions), "i2t")
    t2i = i2t.T.tocsr() if pair[1] is None else _judgements(pair[1], (n_captions, n_images), "t2i")
    positives = {}
    for direction, matrix in (("i2t", i2t), ("t2i", t2i)):
        matrix.sort_indices()
        positives[direction] = Positives(
            matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64)
        )
    return positives


def _judgements(relevance: object, shape: tuple[int, int], direction: str) -> sparse.csr_matrix:
    if not sparse.issparse(relevance):
        relevance = as_numpy(relevance, f"relevance {direction}")
        if relevance.shape != shape:
            raise InputError(
                f"relevance {direction}: found shape {relevance.shape}; expected {shape}"
            )
        if relevance.dtype == np.float16:  # scipy has no such matrices
            relevance = relevance.astype(np.float32)
    matrix = sparse.csr_matrix(relevance)
    if matrix.dtype.kind not in "biuf":
        raise InputError(f"relevance {direction}: found dtype {matrix.dtype}; expected numbers")
    if not np.isfinite(matrix.data).all():
        raise InputError(f"relevance {direction}: found NaN or infinity; expected numbers")
    if matrix.shape != shape:
        raise InputError(f"relevance {direction}: found shape {matrix.shape}; expected {shape}")
    if matrix.nnz and matrix.data.min() < 0:
        raise InputError(f"relevance {direction}: negative judgements; expected 0 or relevant")
    matrix = matrix.astype(bool)
    matrix.eliminate_zeros()
    return matrix


class Categories:
    """Category relevance: shares at least one label (multi-label), or has the same (single-label).

    Holds label sets as bit masks; a caption has its image's labels.
    """

    classes: np.ndarray | None = None  # numbers in place of sets, where there is one of each

    def __init__(self, labels: object, image_of_caption: np.ndarray, n_images: int):
        self.image_of_caption = image_of_caption
        self._on_device: tuple | None = None
        self.classes = class_numbers(labels, n_images)
        if self.classes is not None:  # a matrix of images × classes could be larger than all else
            numbers = self.classes.astype(np.uint64)[None]
            self.masks = {"i2t": (numbers, numbers[:, image_of_caption])}
            self.masks["t2i"] = self.masks["i2t"][::-1]
            self.labelled = np.ones(n_images, bool)
            return
        self.labels = label_matrix(labels, n_images)
        images = label_masks(self.labels)
        texts = np.take(images, image_of_caption, axis=1)
        self.masks = {"i2t": (images, texts), "t2i": (texts, images)}
        self.labelled = self.labels.sum(1) > 0

    def empty(self, direction: str) -> np.ndarray:
        """Which queries have nothing relevant: those without labels (others match their own)."""
        return ~(self.labelled if direction == "i2t" else self.labelled[self.image_of_caption])

    def block(self, direction: str, rows: np.ndarray) -> np.ndarray:
        """Relevance (len(rows), n_candidates) bool of the queries `rows`."""
        from fico_lib.evaluation.shared_labels import shared_labels

        queries, candidates = self.masks[direction]
        if self.classes is not None:
            return queries[0, rows][:, None] == candidates[0]
        return shared_labels(np.take(queries, rows, axis=1), candidates)

    def tensor_block(self, direction: str, rows: np.ndarray, backend):
        """As `block`, computed as a product of labels where `backend` keeps its tensors."""
        if self.classes is not None:
            numbers = backend.put(self.classes)
            of = backend.put(self.image_of_caption)
            left, right = (numbers, numbers[of]) if direction == "i2t" else (numbers[of], numbers)
            return left[backend.put(rows)][:, None] == right
        if self._on_device is None:
            image_of_caption = backend.put(self.image_of_caption)
            self._on_device = backend.put(self.labels.astype(np.float32)), image_of_caption
        labels, image_of_caption = self._on_device
        rows = backend.put(rows)
        if direction == "i2t":
            return ((labels[rows] @ labels.T) > 0)[:, image_of_caption]
        return (labels[image_of_caption[rows]] @ labels.T) > 0


def label_masks(labels: np.ndarray) -> np.ndarray:
    """Label sets (n, n_categories) bool as bit masks, (words, n) uint64."""
    n, categories = labels.shape
    bits = np.zeros((n, max(1, -(-categories // 64)) * 64), bool)
    bits[:, :categories] = labels
    return np.ascontiguousarray(np.packbits(bits, axis=1).view(np.uint64).T)


def label_matrix(labels: Any, n_images: int) -> np.ndarray:
    """Labels of the images as (n_images, n_categories) bool.

    Takes multi-hot {0, 1}, {-1, 1} or bool; one class number (>= 0) per image, as (n,) or (n, 1);
    a list with the category numbers of each image. A column of 0 and 1 could be one category or two
    classes: `InputError`, unless its type or shape tells (bool, or (n,)).

    >>> label_matrix([[0, 2], [1]], 2)
    array([[ True, False,  True],
           [False,  True, False]])
    >>> label_matrix([[-1, 1], [1, -1]], 2)
    array([[False,  True],
           [ True, False]])
    """
    labels = _array(labels, n_images)
    if labels.ndim not in (1, 2) or len(labels) != n_images:
        raise InputError(
            f"labels: found shape {labels.shape}; expected one row for each of {n_images} images"
        )
    if labels.dtype == bool:
        return labels.reshape(n_images, -1)
    if (classes := _classes(labels)) is not None:
        return classes[:, None] == np.arange(classes.max(initial=-1) + 1)
    return as_bits(labels, "labels[{}, {}]".format)


def class_numbers(labels: Any, n_images: int) -> np.ndarray | None:
    """Class numbers (n_images,) from 0 without gaps, where the labels are such; None elsewhere."""
    labels = _array(labels, n_images)
    return _classes(labels) if labels.ndim in (1, 2) and len(labels) == n_images else None


def _array(labels: Any, n_images: int) -> np.ndarray:
    if isinstance(labels, (list, tuple)) and _is_lists(labels):
        labels = _from_lists(labels)
    if sparse.issparse(labels):
        labels = labels.toarray()
    return as_numpy(labels, "labels")


def _classes(labels: np.ndarray) -> np.ndarray | None:
    """The class numbers of labels that are such; None for a matrix of categories."""
    if labels.dtype == bool or (labels.ndim == 2 and labels.shape[1] != 1):
        return None
    values = labels.reshape(-1)
    if labels.ndim == 2 and np.isin(values, (0, 1)).all():
        raise InputError(
            "labels: one column of 0 and 1 could be one category or two classes; give booleans, or "
            "-1 and 1, for a category, or shape (images,) for class numbers"
        )
    if labels.ndim == 2 and np.isin(values, (-1, 1)).all():
        return None
    wrong = ~np.isfinite(values) | (values != np.floor(values)) | (values < 0)
    if wrong.any():
        raise InputError(
            "labels: one number per image, but not all are class numbers 0, 1, 2, ...; "
            "give a matrix (images, categories) for several labels"
        )
    return np.unique(values, return_inverse=True)[1]


def _is_lists(labels: list | tuple) -> bool:
    """Lists of category numbers, rather than the rows of a multi-hot matrix?"""
    if not all(isinstance(row, (list, tuple, set, np.ndarray)) for row in labels):
        return False
    widths = {len(row) for row in labels}
    values = {_category(value) for row in labels for value in row}
    return len(widths) > 1 or not values <= {-1, 0, 1}


def _category(value: Any) -> int:
    """A category number; InputError for words and for what is not whole."""
    if (
        not isinstance(value, (int, float, np.integer, np.floating, np.bool_))
        or value != value // 1
    ):
        raise InputError(
            f"labels: found {value!r} in a list of an image's categories; expected whole numbers"
        )
    return int(value)


def _from_lists(labels: list | tuple) -> np.ndarray:
    rows = [sorted(_category(value) for value in row) for row in labels]
    if any(row and row[0] < 0 for row in rows):
        raise InputError("labels: a negative category number; expected 0 or more")
    if any(row and row[-1] >= MOST_CATEGORIES for row in rows):
        most = max(row[-1] for row in rows if row)
        raise InputError(f"labels: category number {most}; expected less than {MOST_CATEGORIES}")
    hot = np.zeros((len(rows), max((row[-1] + 1 for row in rows if row), default=1)), bool)
    for image, row in enumerate(rows):
        hot[image, row] = True
    return hot
