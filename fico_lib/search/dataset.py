"""What a benchmark searches: a gallery, queries, and training vectors for the indexes."""

from dataclasses import dataclass, replace

import numpy as np

from fico_lib.encodings import Embeddings
from fico_lib.runtime.errors import InputError
from fico_lib.search.synthetic import SEED, Gaussian, synthetic
from fico_lib.search.vectors import Array, Vectors

MOST_TRAIN = 20_000  # gallery vectors used for training if there are no training vectors


@dataclass(frozen=True)
class SearchDataset:
    """A gallery, and queries that are compared with it by inner product.

    name: of the data; queries: (n_queries, d) float32; train: (n_train, d) float32, to train
    indexes and binary quantizers; identity: JSON-like, part of the keys of measurements.
    """

    name: str
    gallery: Vectors
    queries: np.ndarray
    train: np.ndarray
    identity: dict

    def in_memory(self) -> "SearchDataset":
        """The same, with the gallery in memory."""
        return replace(self, gallery=self.gallery.in_memory())

    def head(self, n: int) -> "SearchDataset":
        """The same queries on the first n vectors of the gallery."""
        if n == self.gallery.n:
            return self
        identity = {"head": n, "whole": self.identity}
        return replace(self, gallery=self.gallery.head(n), identity=identity)


def _dataset(name: str, gallery: Vectors, queries: Vectors, train: Vectors) -> SearchDataset:
    identity = {"gallery": gallery.identity, "queries": queries.identity, "train": train.identity}
    return SearchDataset(
        name, gallery, queries.block(0, queries.n), train.block(0, train.n), identity
    )


def of_synthetic(
    n_queries: int, n: int, dimension: int, n_train: int, seed: int = SEED
) -> SearchDataset:
    """The paper's data: faiss's SyntheticDataset of the given size."""
    train, gallery, queries = synthetic(n_train, n, n_queries, dimension, seed)
    return _dataset("synthetic", gallery, queries, train)


def of_gaussian(
    n_queries: int, n: int, dimension: int, n_train: int, seed: int = 0
) -> SearchDataset:
    """Gallery, queries and training vectors of independent standard normal components."""
    sides = [Gaussian(rows, dimension, seed + i) for i, rows in enumerate((n, n_queries, n_train))]
    return _dataset("Gaussian", *sides)


def of_arrays(name: str, gallery: np.ndarray, queries: np.ndarray) -> SearchDataset:
    """Your own vectors: (n, d) and (n_queries, d), of any real type.

    Indexes are trained on rows spread evenly over the gallery. Raises InputError for other shapes,
    for unequal dimensions, and for NaN or infinity.
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
    return _dataset(name, Array(gallery), Array(queries), Array(gallery[rows]))


def of_embeddings(embeddings: Embeddings) -> dict[str, SearchDataset]:
    """A model's captions as a gallery that is asked by the other modality, and by its own.

    The first caption of each image is taken out of the gallery: these captions are the queries of
    the same modality, as many as the images, which are those of the other. Vectors are scaled to
    length 1. Captions with the same text have the same embedding; each embedding of the gallery is
    kept once, so that there is a single nearest neighbour. Keys: '<model>, asked by images' and
    '<model>, asked by captions'. Raises InputError unless the model compares by cosine, and where
    no image has a second caption.
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
    _, first = np.unique(embeddings.image_of_caption, return_index=True)
    rest = np.delete(captions, first, axis=0)
    if not len(rest):
        raise InputError(
            f"embeddings of '{embeddings.model}': no image has a second caption; expected some, "
            "for a gallery beside the captions that ask"
        )
    _, rows = np.unique(rest, axis=0, return_index=True)
    gallery = rest[np.sort(rows)]
    return {
        f"{embeddings.model}, asked by {side}": of_arrays(embeddings.model, gallery, queries)
        for side, queries in (("images", images), ("captions", captions[first]))
    }
