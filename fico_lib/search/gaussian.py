"""Independent normal vectors: data without structure, the hardest there are to index."""

import numpy as np

from fico_lib.search.vectors import Vectors

ROWS = 4096  # rows that are drawn together, from a generator of their own


class Gaussian(Vectors):
    """n vectors of d independent standard normal components, any block of which can be drawn."""

    def __init__(self, n: int, dimension: int, seed: int = 0):
        self.n, self.dimension, self.seed = n, dimension, seed
        self.identity = {"gaussian": [n, dimension, seed]}

    def block(self, start: int, stop: int) -> np.ndarray:
        """As in `Vectors`."""
        first, last = start // ROWS, -(-stop // ROWS)
        parts = [
            np.random.default_rng((self.seed, number)).standard_normal(
                (ROWS, self.dimension), np.float32
            )
            for number in range(first, last)
        ]
        return np.concatenate(parts)[start - first * ROWS : stop - first * ROWS]
