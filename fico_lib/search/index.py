"""What every index does: learn, take vectors, search; with the time of each told apart."""

import time

import numpy as np


class SearchError(RuntimeError):
    """An index returned what it cannot have found: its settings or its library are at fault."""


def checked(distances: np.ndarray, ids: np.ndarray, n: int, what: str):
    """The results of a search (queries, k), refused where ids are missing or out of range.

    faiss marks missing results by -1, and some settings (`IndexBinaryIVF.use_heap = False` in
    1.15.1) silently return nothing else. So does an index that looks into too few lists to find k.
    Raises SearchError.
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
    query arguments. seconds: what fitting and adding took, by name ("code": turning the gallery
    into codes, apart from building).
    """

    def __init__(self, dimension: int):
        self.dimension, self.n = dimension, 0
        self.seconds = {"fit": 0.0, "code": 0.0, "add": 0.0}

    def build(self, train: np.ndarray, blocks) -> "Index":
        """Learn from `train` (n_train, d) and add the blocks, (first row, (rows, d))."""
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
        """Distances and ids (n_queries, k), best first; SearchError where ids are missing."""
        return checked(*self.find(queries, k, **arguments), self.n, f"{self} {arguments or ''}")

    def fit(self, train: np.ndarray) -> None:
        """Learn from train vectors; nothing by default."""

    def add(self, block: np.ndarray) -> None:
        """Take further vectors (rows, d)."""
        raise NotImplementedError

    def find(self, queries: np.ndarray, k: int, **arguments) -> tuple[np.ndarray, np.ndarray]:
        """As `search`, unchecked."""
        raise NotImplementedError

    def size_bytes(self) -> int:
        """What the index takes."""
        raise NotImplementedError

    def __str__(self):
        return type(self).__name__


def serialised_bytes(index, binary: bool = False) -> int:
    """The bytes that faiss writes for an index, counted without keeping them."""
    import faiss

    total = 0

    def count(data: bytes) -> None:
        nonlocal total
        total += len(data)

    writer = faiss.PyCallbackIOWriter(count)
    (faiss.write_index_binary if binary else faiss.write_index)(index, writer)
    return total
