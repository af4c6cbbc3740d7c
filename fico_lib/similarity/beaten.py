"""Which candidates beat a query's own: exactly, whatever block they are compared in.

A product of float32 matrices rounds otherwise in another block, so that the same two vectors may
stand above each other or tie. Here a pair whose product is too near to the query's own to be told
apart is computed once more, alone and in float64: equal vectors tie, in every gallery.
"""

from typing import Protocol

import numpy as np

from fico_lib.similarity.continuous import unit
from fico_lib.similarity.hamming import distances, words


class Comparison(Protocol):
    """How encodings of one kind are compared; higher is more similar."""

    def prepared(self, side: np.ndarray) -> np.ndarray:
        """Encodings as the other functions take them, a row for each."""

    def pairs(self, queries: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """The scores (n,) of each query (n, ...) with the candidate of the same row."""

    def beaten(
        self, queries: np.ndarray, candidates: np.ndarray, own: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Where a candidate (m, ...) scores higher than the query's own (n,), and where as high.

        Two bool (n, m).
        """


class Cosines:
    """Embeddings (n, d), compared by cosine."""

    def prepared(self, side: np.ndarray) -> np.ndarray:
        """Unit rows, float32. See `Comparison`."""
        return unit(np.asarray(side, np.float32))

    def pairs(self, queries: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """In float64. See `Comparison`."""
        return (queries.astype(np.float64) * candidates.astype(np.float64)).sum(1)

    def beaten(
        self, queries: np.ndarray, candidates: np.ndarray, own: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `Comparison`.

        A product of d terms in float32, of unit vectors, is off by less than d u / (1 - d u) with
        u = 2^-24 (Higham 2002, "Accuracy and Stability of Numerical Algorithms", Section 3.1);
        twice that leaves room for rounding `own`.
        """
        near = queries.shape[1] * 2.0**-23
        ahead = queries @ candidates.T
        ahead -= own.astype(np.float32)[:, None]
        above, equal = ahead > near, np.zeros(ahead.shape, bool)
        rows, columns = np.nonzero(np.abs(ahead) <= near)
        exact = self.pairs(queries[rows], candidates[columns])
        above[rows, columns] = exact > own[rows]
        equal[rows, columns] = exact == own[rows]
        return above, equal


class AgreeingBits:
    """Packed codes (n, bytes), compared by minus their Hamming distance."""

    def prepared(self, side: np.ndarray) -> np.ndarray:
        """As they are. See `Comparison`."""
        return side

    def pairs(self, queries: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Whole numbers. See `Comparison`."""
        return -np.bitwise_count(queries ^ candidates).sum(1, dtype=np.int32)

    def beaten(
        self, queries: np.ndarray, candidates: np.ndarray, own: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `Comparison`."""
        apart = distances(words(queries), words(candidates))
        limit = (-own).astype(apart.dtype)[:, None]  # no distance is larger than what fits
        return apart < limit, apart == limit
