"""What every index does: train, add vectors, search, each with its own time."""

import time

import numpy as np


class SearchError(RuntimeError):
    """An index returned impossible results: its settings or its library are at fault."""


def check_results(distances: np.ndarray, ids: np.ndarray, n: int, what: str):
    """The results (n_queries, k) of a search; SearchError if ids are missing or out of range.

    faiss marks missing results by -1. An index that searches too few lists to find k returns some,
    and certain settings (`IndexBinaryIVF.use_heap = False` in 1.15.1) silently return nothing else.
    """
    k = ids.shape[1]
    if ids.size and (ids.max() >= n or ids.min() < -1):
        raise SearchError(f"{what}: ids from {ids.min()} to {ids.max()} in a gallery of {n}")
    missing = (ids[:, : min(k, n)] < 0).any(1)
    if missing.any():
        raise SearchError(
            f"{what}: {missing.sum()} of {len(ids)} queries got fewer results (-1) than the "
            f"{n} vectors allow for k={k}; results like these look fast and are empty"
        )
    return distances, ids


class Index:
    """An index over vectors of `dimension` float32 components, compared by inner product.

    Arguments of `__init__` beyond the dimension are build arguments; those of `search` beyond k are
    query arguments. seconds: time by step: "quantizer" (fitting a binary quantizer), "fit" (other
    training), "code" (turning vectors into codes) and "add" (everything else that building takes).
    """

    def __init__(self, dimension: int):
        self.dimension, self.n = dimension, 0
        self.seconds = {"quantizer": 0.0, "fit": 0.0, "code": 0.0, "add": 0.0}

    def build(self, train: np.ndarray, blocks) -> "Index":
        """Train on `train` (n_train, d) and add the blocks, (first row, (rows, d))."""
        clock = time.perf_counter()
        self.fit(train)
        self.seconds["fit"] += time.perf_counter() - clock
        for _, block in blocks:
            clock, coding = time.perf_counter(), self.seconds["code"]
            self.add(block)
            coding = self.seconds["code"] - coding
            self.seconds["add"] += time.perf_counter() - clock - coding
            self.n += len(block)
        return self

    def search(self, queries: np.ndarray, k: int, **arguments) -> tuple[np.ndarray, np.ndarray]:
        """Distances and ids (n_queries, k), best first; SearchError if ids are missing."""
        return check_results(
            *self.find(queries, k, **arguments), self.n, f"{self} {arguments or ''}"
        )

    def fit(self, train: np.ndarray) -> None:
        """Train on vectors (n_train, d); does nothing by default."""

    def add(self, block: np.ndarray) -> None:
        """Add vectors (rows, d)."""
        raise NotImplementedError

    def find(self, queries: np.ndarray, k: int, **arguments) -> tuple[np.ndarray, np.ndarray]:
        """As `search`, without checking the results."""
        raise NotImplementedError

    def size_bytes(self) -> int:
        """Memory that the index takes."""
        raise NotImplementedError

    def __str__(self):
        return type(self).__name__


def serialised_bytes(index, binary: bool = False) -> int:
    """The size of the file that faiss would write for an index; nothing is kept."""
    import faiss

    total = 0

    def count(data: bytes) -> None:
        nonlocal total
        total += len(data)

    writer = faiss.PyCallbackIOWriter(count)
    (faiss.write_index_binary if binary else faiss.write_index)(index, writer)
    return total
