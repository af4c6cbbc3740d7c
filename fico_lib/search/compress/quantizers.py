"""Quantizers of single numbers: how a vector is stored in fewer bytes, and what it is worth then.

Each is fitted to vectors (n, d) float32 of one side, images or texts: what it learns of them is a
range, or a threshold, for every dimension. `encode` gives what is stored, `decode` the vectors
(n, d) float32 that inner products are taken with. RaBitQ has a module of its own.
"""

from dataclasses import dataclass

import numpy as np

from fico_lib.runtime.errors import unknown_name

LEVELS = 255  # steps between the smallest and the largest of 256 levels
THRESHOLDS = {
    "zero": lambda vectors: np.zeros(vectors.shape[1], np.float32),
    "mean": lambda vectors: vectors.mean(0, dtype=np.float64).astype(np.float32),
    "median": lambda vectors: np.median(vectors, 0).astype(np.float32),
}


@dataclass(frozen=True)
class Cast:
    """Floating-point numbers of another width, the same for all vectors."""

    dtype: str

    def encode(self, vectors: np.ndarray) -> np.ndarray:
        """The vectors (n, d) in the dtype."""
        return vectors.astype(self.dtype)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """(n, d) float32."""
        return codes.astype(np.float32)


@dataclass(frozen=True)
class Int8:
    """256 levels at equal steps between the least and the largest value of each dimension.

    A code is a place in its dimension's range, not a number to multiply with: inner products of
    the codes themselves would weigh every dimension by the wrong step. low, step: (d,) float32.
    """

    low: np.ndarray
    step: np.ndarray

    @classmethod
    def fit(cls, vectors: np.ndarray) -> "Int8":
        """The ranges of vectors (n, d); a dimension without a range keeps its one value."""
        low, high = vectors.min(0), vectors.max(0)
        return cls(low, ((high - low) / LEVELS).astype(np.float32))

    def encode(self, vectors: np.ndarray) -> np.ndarray:
        """The nearest level of each number, (n, d) int8; outside the range, the last one there.

        >>> quantizer = Int8.fit(np.array([[0, 5], [255, 5]], np.float32))
        >>> quantizer.encode(np.array([[-3, 5], [100.4, 5], [300, 5]], np.float32))[:, 0]
        array([-128,  -28,  127], dtype=int8)
        """
        places = (vectors - self.low) / np.where(self.step > 0, self.step, 1)
        return (np.rint(places).clip(0, LEVELS) - 128).astype(np.int8)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """The levels, (n, d) float32."""
        return self.low + (codes.astype(np.float32) + 128) * self.step


@dataclass(frozen=True)
class Signs:
    """One bit for each dimension: is the number above the threshold? threshold: (d,) float32."""

    threshold: np.ndarray

    @classmethod
    def fit(cls, vectors: np.ndarray, threshold: str = "mean") -> "Signs":
        """The thresholds of vectors (n, d): zero, or the mean or median of each dimension.

        >>> sides = np.array([[0, 1], [1, 1], [5, 4]], np.float32)
        >>> [Signs.fit(sides, name).threshold.tolist() for name in THRESHOLDS]
        [[0.0, 0.0], [2.0, 2.0], [1.0, 1.0]]
        """
        if threshold not in THRESHOLDS:
            raise unknown_name("threshold", threshold, THRESHOLDS)
        return cls(THRESHOLDS[threshold](vectors))

    def encode(self, vectors: np.ndarray) -> np.ndarray:
        """Packed bits (n, ceil(d / 8)) uint8, zero bits as padding."""
        return np.packbits(vectors > self.threshold, axis=1)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """-1 and 1, (n, d) float32: their inner products are d - 2 × the Hamming distance."""
        bits = np.unpackbits(codes, axis=1, count=len(self.threshold))
        return bits.astype(np.float32) * 2 - 1

    def centre(self, vectors: np.ndarray) -> np.ndarray:
        """What a float query is when it is compared with signs: (n, d) beyond the thresholds."""
        return vectors - self.threshold
