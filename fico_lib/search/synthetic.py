"""The data of the paper's Table 7: faiss's SyntheticDataset, in blocks (FiCo-ITR, Section 5.4)."""

import numpy as np

from fico_lib.search.vectors import Vectors

INTRINSIC = 10  # the intrinsic dimension of the data, a constant of faiss
SEED = 1338  # the default of faiss
ROWS = 4096  # Gaussian vectors drawn together, from a generator of their own


class Synthetic(Vectors):
    """Rows of `faiss.contrib.datasets.SyntheticDataset`, bit for bit.

    A row is sin((z W) s), with z of 10 normal components, W (10, d) uniform and s (d,) uniform in
    [0.1, 4.1), all float64, cast to float32 at the end. faiss holds every row as float64 on the
    way; here only the latent z are kept (80 bytes a row), and blocks are computed on demand.

    Source: faiss/contrib/datasets.py, class SyntheticDataset.
    """

    def __init__(
        self, latents: np.ndarray, mixing: np.ndarray, frequency: np.ndarray, identity: dict
    ):
        self.latents, self.mixing, self.frequency = latents, mixing, frequency
        self.n, self.dimension = len(latents), mixing.shape[1]
        self.identity = identity

    def block(self, start: int, stop: int) -> np.ndarray:
        """As in `Vectors`; the same operations in the same order as faiss, in place."""
        angles = np.dot(self.latents[start:stop], self.mixing)
        angles *= self.frequency
        return np.sin(angles, out=angles).astype(np.float32)

    def block_rows(self) -> int:
        """Fewer than usual, since a block is computed in float64."""
        return max(1, super().block_rows() // 4)


def synthetic(
    n_train: int, n_gallery: int, n_queries: int, dimension: int, seed: int = SEED
) -> tuple[Synthetic, Synthetic, Synthetic]:
    """Train, gallery and query vectors of SyntheticDataset(dimension, n_train, n_gallery, ...)."""
    state = np.random.RandomState(seed)
    latents = state.normal(size=(n_train + n_gallery + n_queries, INTRINSIC))
    mixing, frequency = state.rand(INTRINSIC, dimension), state.rand(dimension) * 4 + 0.1
    cuts = {
        "train": (0, n_train),
        "gallery": (n_train, n_train + n_gallery),
        "queries": (n_train + n_gallery, len(latents)),
    }
    shape = [n_train, n_gallery, n_queries, dimension, seed]
    return tuple(
        Synthetic(latents[a:b], mixing, frequency, {"synthetic": shape, "part": part})
        for part, (a, b) in cuts.items()
    )


class Gaussian(Vectors):
    """n vectors of d independent standard normal components; any block can be drawn alone."""

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
