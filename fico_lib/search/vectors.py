"""Vectors to be searched, read in blocks, so that only one block needs to exist at a time."""

from collections.abc import Iterator

import numpy as np

from fico_lib.runtime.digests import digest
from fico_lib.runtime.errors import InputError

BLOCK_BYTES = 1 << 28  # of a block of float32 vectors


class Vectors:
    """n vectors of d float32 components, in blocks of rows.

    identity: JSON-like, equal for equal vectors; part of the keys of measurements.
    """

    n: int
    dimension: int
    identity: dict

    def block(self, start: int, stop: int) -> np.ndarray:
        """Rows start to stop, (stop - start, dimension) float32, contiguous."""
        raise NotImplementedError

    def blocks(self) -> Iterator[tuple[int, np.ndarray]]:
        """(first row, block) of all rows in order."""
        rows = self.block_rows()
        for start in range(0, self.n, rows):
            yield start, self.block(start, min(start + rows, self.n))

    def block_rows(self) -> int:
        """Rows of a block of `blocks`."""
        return max(1, BLOCK_BYTES // (4 * self.dimension))

    def in_memory(self) -> "Vectors":
        """The same vectors, all in memory."""
        whole = np.empty((self.n, self.dimension), np.float32)
        for start, block in self.blocks():
            whole[start : start + len(block)] = block
        return Array(whole, self.identity)

    def head(self, n: int) -> "Vectors":
        """The first n vectors."""
        return Head(self, n)


class Array(Vectors):
    """The rows of an array (n, d) of any real type, in memory or mapped from a file."""

    def __init__(self, array: np.ndarray, identity: dict | None = None):
        self.array = array
        self.n, self.dimension = array.shape
        self.identity = identity or {"array": _content(array), "shape": [self.n, self.dimension]}

    def block(self, start: int, stop: int) -> np.ndarray:
        """As in `Vectors`; a view where the array is float32 already."""
        return np.ascontiguousarray(self.array[start:stop], np.float32)

    def block_rows(self) -> int:
        """All rows if they need no conversion: an index is then built in one call."""
        ready = self.array.dtype == np.float32 and self.array.flags.c_contiguous
        return self.n if ready else super().block_rows()

    def in_memory(self) -> Vectors:
        """Itself if it is float32 in memory."""
        return self if self.block_rows() == self.n else super().in_memory()

    def head(self, n: int) -> Vectors:
        """As in `Vectors`, without a copy."""
        return Array(self.array[:n], {"head": n, "whole": self.identity})


class Head(Vectors):
    """The first n of `whole`."""

    def __init__(self, whole: Vectors, n: int):
        if not 1 <= n <= whole.n:
            raise InputError(f"first {n} of {whole.n} vectors: expected 1 to {whole.n}")
        self.whole, self.n, self.dimension = whole, n, whole.dimension
        self.identity = {"head": n, "whole": whole.identity}

    def block(self, start: int, stop: int) -> np.ndarray:
        """As in `Vectors`."""
        return self.whole.block(start, stop)


def _content(array: np.ndarray) -> str:
    """A key of the values: a digest of a digest per block."""
    import hashlib

    rows = max(1, BLOCK_BYTES // max(1, array.itemsize * array.shape[1]))
    parts = [
        hashlib.sha256(np.ascontiguousarray(array[start : start + rows])).hexdigest()
        for start in range(0, len(array), rows)
    ]
    return digest(str(array.dtype), parts)
