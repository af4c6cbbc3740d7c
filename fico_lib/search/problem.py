"""What is searched, and with what: a gallery, queries, and vectors that indexes learn from."""

from dataclasses import dataclass, replace

import numpy as np

from fico_lib.encodings import Embeddings
from fico_lib.runtime.errors import InputError
from fico_lib.search.synthetic import SEED, Gaussian, synthetic
from fico_lib.search.vectors import Array, Vectors

MOST_TRAIN = 20_000  # gallery vectors that indexes learn from where nothing else is given


@dataclass(frozen=True)
class Problem:
    """A search by inner product.

    name: of the data; gallery; queries: (n_queries, d) float32; train: (n_train, d) float32, what
    indexes and binarisers are fitted on; identity: JSON-like, for the keys of measurements.
    """

    name: str
    gallery: Vectors
    queries: np.ndarray
    train: np.ndarray
    identity: dict

    def held(self) -> "Problem":
        """The same, with the gallery in memory."""
        return replace(self, gallery=self.gallery.held())

    def first(self, n: int) -> "Problem":
        """The same queries on the first n of the gallery."""
        if n == self.gallery.n:
            return self
        identity = {"first": n, "of": self.identity}
        return replace(self, gallery=self.gallery.first(n), identity=identity)


def _problem(name: str, gallery: Vectors, queries: Vectors, train: Vectors) -> Problem:
    identity = {"gallery": gallery.identity, "queries": queries.identity, "train": train.identity}
    return Problem(name, gallery, queries.block(0, queries.n), train.block(0, train.n), identity)


def of_synthetic(n_queries: int, n: int, dimension: int, n_train: int, seed: int = SEED) -> Problem:
    """The paper's data: faiss's SyntheticDataset of that size."""
    train, gallery, queries = synthetic(n_train, n, n_queries, dimension, seed)
    return _problem("synthetic", gallery, queries, train)


def of_gaussian(n_queries: int, n: int, dimension: int, n_train: int, seed: int = 0) -> Problem:
    """Independent normal vectors on all sides."""
    sides = [Gaussian(rows, dimension, seed + i) for i, rows in enumerate((n, n_queries, n_train))]
    return _problem("Gaussian", *sides)


def of_arrays(name: str, gallery: np.ndarray, queries: np.ndarray) -> Problem:
    """Vectors that are there: (n, d) and (n_queries, d) real, compared by inner product.

    Indexes learn from rows spread evenly over the gallery. Raises InputError where shapes or
    values are wrong.
    """
    for side, array in (("vectors", gallery), ("queries", queries)):
        if array.ndim != 2 or not array.size:
            raise InputError(f"{side}: found shape {array.shape}; expected (rows, dimensions)")
    if gallery.shape[1] != queries.shape[1]:
        raise InputError(
            f"vectors have {gallery.shape[1]} dimensions, queries {queries.shape[1]}; "
            "expected the same"
        )
    for side, array in (("vectors", Array(gallery)), ("queries", Array(queries))):
        for start, block in array.blocks():
            if not np.isfinite(block).all():
                row = start + int((~np.isfinite(block)).any(1).argmax())
                raise InputError(f"{side}: row {row} holds NaN or infinity; expected numbers")
    rows = np.linspace(0, len(gallery) - 1, min(len(gallery), MOST_TRAIN)).astype(np.int64)
    return _problem(name, Array(gallery), Array(queries), Array(gallery[rows]))


def of_embeddings(embeddings: Embeddings) -> Problem:
    """Image queries over the captions of a model's embeddings, scaled to length 1.

    Captions with the same text have the same embedding; each is kept once, so that the nearest
    neighbour is one.
    """
    if embeddings.measure != "cosine":
        raise InputError(f"embeddings of '{embeddings.model}' are compared by "
                         f"{embeddings.measure}; expected cosine")  # fmt: skip
    captions, images = (
        side / np.linalg.norm(side, axis=1, keepdims=True).clip(1e-12)
        for side in (
            np.array(embeddings.texts, np.float32),
            np.array(embeddings.images, np.float32),
        )
    )
    _, once = np.unique(captions, axis=0, return_index=True)
    return of_arrays(embeddings.model, captions[np.sort(once)], images)
