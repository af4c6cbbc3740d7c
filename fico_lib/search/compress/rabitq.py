"""RaBitQ: a few bits for each dimension of the rotated vector, and one number for its length.

A vector x of mean c is rotated, o = P (x - c) / |x - c|, and o is replaced by the grid vector u
that points most nearly the same way: its components are the odd multiples of 1/2 below 2^(bits-1)
in size, so that one bit leaves the signs. Then

    <q, x - c>  is estimated by  |x - c| <P q, u> / <o, u>,

which is unbiased over random rotations P. Stored are the bits and |x - c| / <o, u>. Sources: Gao &
Long 2024, "RaBitQ", Theorem 3.2 (one bit); Gao et al. 2025, "Practical and Asymptotically Optimal
Quantization of High-Dimensional Vectors in Euclidean Space for Approximate Nearest Neighbor
Search", Section 3 (several). There the best scale of the grid is searched exactly; here over
`SCALES` values of it.
"""

from dataclasses import dataclass

import numpy as np

FACTOR_BYTES = 4  # of the one float32 beside the bits
SCALES = 16
ROWS = 4096  # vectors encoded at a time


@dataclass(frozen=True)
class RaBitQCodes:
    """codes: (n, d) uint8, the place of each component in the grid; factors: (n,) float32.

    A place has a byte to itself here, of which an index keeps the lowest `bits` alone.
    """

    codes: np.ndarray
    factors: np.ndarray


@dataclass(frozen=True)
class RaBitQ:
    """mean: (d,) float32; rotation: (d, d) float32, orthogonal; bits: 1 to 8."""

    mean: np.ndarray
    rotation: np.ndarray
    bits: int

    @classmethod
    def fit(cls, vectors: np.ndarray, bits: int, seed: int = 0) -> "RaBitQ":
        """The mean of vectors (n, d), and a random rotation."""
        d = vectors.shape[1]
        normal = np.random.default_rng(seed).standard_normal((d, d))
        rotation = np.linalg.qr(normal).Q.astype(np.float32)
        return cls(vectors.mean(0, dtype=np.float64).astype(np.float32), rotation, bits)

    def encode(self, vectors: np.ndarray) -> RaBitQCodes:
        """Codes of vectors (n, d) float32."""
        parts = [self._encode(vectors[a : a + ROWS]) for a in range(0, len(vectors), ROWS)]
        return RaBitQCodes(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def _encode(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rotated = (vectors - self.mean) @ self.rotation
        length = np.linalg.norm(rotated, axis=1)
        # A vector that is the mean has no direction: any code does, with the factor 0.
        directions = rotated / np.where(length > 0, length, 1)[:, None]
        half = 2 ** (self.bits - 1)
        best, codes = np.full(len(vectors), -1.0, np.float32), None
        for scale in self._scales(directions, half):
            placed = np.floor(directions * scale[:, None]).clip(-half, half - 1)
            grid = placed + np.float32(0.5)
            cosine = (directions * grid).sum(1) / np.linalg.norm(grid, axis=1)
            better = cosine > best
            codes = placed if codes is None else np.where(better[:, None], placed, codes)
            best = np.maximum(best, cosine)
        agreement = (directions * (codes + np.float32(0.5))).sum(1)
        factors = np.where(length > 0, length / np.where(length > 0, agreement, 1), 0)
        return (codes + half).astype(np.uint8), factors.astype(np.float32)

    def _scales(self, directions: np.ndarray, half: int):
        """Grids to try, (n,) each: from one that holds the largest component to narrower ones."""
        if self.bits == 1:
            return [np.ones(len(directions), np.float32)]  # the signs, whatever the scale
        largest = np.abs(directions).max(1)
        widest = half / np.where(largest > 0, largest, 1)
        return [widest * share for share in np.linspace(1, 3, SCALES, dtype=np.float32)]

    def decode(self, stored: RaBitQCodes) -> np.ndarray:
        """The vectors (n, d) float32 whose inner products with a query are the estimates."""
        grid = stored.codes.astype(np.float32) - np.float32(2 ** (self.bits - 1) - 0.5)
        return self.mean + (stored.factors[:, None] * grid) @ self.rotation.T
