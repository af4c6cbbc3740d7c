"""Vectors to be searched, read in blocks, so that only one block needs to exist at a time."""

from collections.abc import Iterator

import numpy as np

from fico_lib.runtime.digests import digest
from fico_lib.runtime.errors import InputError
from fico_lib.similarity.continuous import unit
from fico_lib.similarity.hamming import signs

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

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Some rows, (len(rows), dimension) float32."""
        return np.concatenate([self.block(int(row), int(row) + 1) for row in rows])

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

    def take(self, rows: np.ndarray) -> np.ndarray:
        """As in `Vectors`."""
        return np.ascontiguousarray(self.array[rows], np.float32)

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


class Prepared(Vectors):
    """The rows of an array (n, d) made ready block by block, so that a mapped file stays one.

    kind: "unit", scaled to length 1; "lifted", for Euclidean distance: one component more, half the
    squared norm, negative, so that the product with a query that ends in 1 falls as the distance
    rises; "ended", such a query; "signs", packed bits as -1 and 1.
    centre: (d,) float32, subtracted where distances are meant; bits: of packed codes.
    """

    def __init__(
        self, array: np.ndarray, kind: str, centre: np.ndarray | None = None, bits: int = 0
    ):
        self.array, self.kind, self.centre, self.bits = array, kind, centre, bits
        self.n = len(array)
        widths = {"unit": array.shape[1], "signs": bits}
        self.dimension = widths.get(kind, array.shape[1] + 1)
        around = None if centre is None else _content(centre[None])
        self.identity = {"array": _content(array), "kind": kind, "centre": around, "bits": bits}

    def block(self, start: int, stop: int) -> np.ndarray:
        """As in `Vectors`; InputError for a row of zeros where its direction is asked for."""
        rows = np.asarray(self.array[start:stop])
        if self.kind == "unit" and (zero := ~rows.any(1)).any():
            raise InputError(
                f"row {start + int(zero.argmax())} is zero and has no cosine; leave such rows out, "
                "or use --measure inner_product"
            )
        return self._ready(rows)

    def block_rows(self) -> int:
        """An eighth of the usual: making them ready takes several times a block."""
        return max(1, super().block_rows() // 8)

    def take(self, rows: np.ndarray) -> np.ndarray:
        """As in `Vectors`."""
        return self._ready(np.asarray(self.array[rows]))

    def _ready(self, rows: np.ndarray) -> np.ndarray:
        if self.kind == "signs":
            return signs(rows, self.bits)
        if self.kind == "unit":
            return np.ascontiguousarray(unit(rows), np.float32)
        rows = rows.astype(np.float64) - self.centre
        last = np.ones(len(rows)) if self.kind == "ended" else -0.5 * (rows * rows).sum(1)
        return np.column_stack([rows, last]).astype(np.float32)


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
