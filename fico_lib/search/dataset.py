"""What a benchmark searches: a gallery, queries, and training vectors for the indexes."""

from dataclasses import dataclass, replace

import numpy as np

from fico_lib.encodings import Embeddings
from fico_lib.runtime.arrays import as_numpy
from fico_lib.runtime.errors import InputError, unknown_name
from fico_lib.search.synthetic import SEED, Gaussian, synthetic
from fico_lib.search.vectors import Array, Prepared, Vectors

MOST_TRAIN = 20_000  # gallery vectors used for training if there are no training vectors


@dataclass(frozen=True)
class SearchDataset:
    """A gallery, and queries that are compared with it by inner product.

    name: of the data; queries: (n_queries, d) float32; train: (n_train, d) float32, to train
    indexes and binary quantizers; identity: JSON-like, part of the keys of measurements; truth: the
    inner products and ids of the nearest of every query, where a file told them.
    """

    name: str
    gallery: Vectors
    queries: np.ndarray
    train: np.ndarray
    identity: dict
    truth: tuple[np.ndarray, np.ndarray] | None = None

    def product(self, query: int, row: int) -> float:
        """The inner product of a query and a vector of the gallery."""
        return float(self.queries[query] @ self.gallery.block(row, row + 1)[0])

    def with_truth(self, ids: np.ndarray) -> "SearchDataset":
        """The same with the nearest neighbours (n_queries, k) known, as ids, best first."""
        values = np.empty(ids.shape, np.float32)
        for query, row in enumerate(ids):
            values[query] = self.gallery.take(row) @ self.queries[query]
        order = np.argsort(-values, axis=1, kind="stable")
        truth = np.take_along_axis(values, order, 1), np.take_along_axis(ids, order, 1)
        return replace(self, truth=truth)

    def in_memory(self) -> "SearchDataset":
        """The same, with the gallery in memory."""
        return replace(self, gallery=self.gallery.in_memory())

    def head(self, n: int) -> "SearchDataset":
        """The same queries on the first n vectors of the gallery."""
        if n == self.gallery.n:
            return self
        identity = {"head": n, "whole": self.identity}
        return replace(self, gallery=self.gallery.head(n), identity=identity, truth=None)


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


def of_arrays(
    name: str,
    gallery: np.ndarray,
    queries: np.ndarray,
    measure: str = "inner_product",
    bits: int = 0,
) -> SearchDataset:
    """Your own vectors: (n, d) and (n_queries, d), of any real type, read in blocks.

    measure: inner_product, cosine or euclidean; with `bits`, packed codes (n, ceil(bits / 8)) uint8
    that are compared by Hamming distance. All become inner products: of vectors of length 1, of
    vectors with one more component, or of -1 and 1. Indexes are trained on rows spread evenly over
    the gallery. Raises InputError for other shapes, for unequal dimensions, for NaN or infinity,
    and for rows of zeros under cosine.
    """
    gallery, queries = as_numpy(gallery, "vectors"), as_numpy(queries, "queries")
    if isinstance(bits, bool) or not isinstance(bits, (int, np.integer)) or bits < 0:
        raise InputError(f"bits: found {bits!r:.60}; expected a whole number")
    for side, array in (("vectors", gallery), ("queries", queries)):
        if array.ndim != 2 or not array.size:
            raise InputError(f"{side}: found shape {array.shape}; expected (rows, dimensions)")
        if bits and (array.dtype != np.uint8 or array.shape[1] != -(-bits // 8)):
            raise InputError(
                f"{side}: found {array.dtype} of width {array.shape[1]}; expected uint8 of width "
                f"{-(-bits // 8)}, codes of {bits} bits"
            )
    if gallery.shape[1] != queries.shape[1]:
        raise InputError(
            f"vectors have {gallery.shape[1]} dimensions, queries {queries.shape[1]}; "
            "expected the same"
        )
    for side, array in (("vectors", gallery), ("queries", queries)):
        check_finite_rows(side, array)
    rows = np.linspace(0, len(gallery) - 1, min(len(gallery), MOST_TRAIN)).astype(np.int64)
    kinds = {"cosine": ("unit", "unit"), "euclidean": ("lifted", "ended")}
    if not isinstance(measure, str) or measure not in ("inner_product", *kinds):
        raise unknown_name("measure", measure, ("inner_product", *kinds))
    of_gallery, of_query = ("signs", "signs") if bits else kinds.get(measure, ("", ""))
    centre = np.asarray(gallery[rows], np.float64).mean(0) if of_query == "ended" else None

    def made(side: str, array: np.ndarray, kind: str) -> Vectors:
        if not kind:
            return Array(array)
        vectors = Prepared(array, kind, centre, bits)
        try:
            if kind == "unit":
                for start, block in Array(array).blocks():
                    vectors.block(start, start + len(block))  # says which row has no direction
        except InputError as error:
            raise InputError(f"{side}: {error}") from error
        return vectors

    sides = made("vectors", gallery, of_gallery), made("queries", queries, of_query)
    return _dataset(name, *sides, made("vectors", np.asarray(gallery[rows]), of_gallery))


def check_finite_rows(side: str, array: np.ndarray) -> None:
    """Raise InputError naming the first row of `array` (n, d) with NaN or infinity."""
    step = max(1, (1 << 26) // array.shape[1])
    for start in range(0, len(array) if array.dtype.kind == "f" else 0, step):
        finite = np.isfinite(array[start : start + step]).all(1)
        if not finite.all():
            row = start + int(finite.argmin())
            raise InputError(f"{side}: row {row} holds NaN or infinity; expected numbers")


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Vectors (n, d) of any real type, scaled to length 1, float32; a row of zeros stays so."""
    vectors = np.asarray(vectors, np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(1e-12)


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
    captions, images = unit_rows(embeddings.texts), unit_rows(embeddings.images)
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
