"""What every index does: learn, take vectors, search; with the time of each told apart."""

import time

import numpy as np

from fico_lib.search.guard import checked


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
