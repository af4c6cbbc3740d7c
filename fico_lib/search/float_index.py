"""Indexes over float vectors: everything that faiss's index factory makes."""

import faiss
import numpy as np

from fico_lib.search.index import Index, serialised_bytes

EF_CONSTRUCTION = 40  # of HNSW, faiss's default and the paper's


def _quarter(dimension: int) -> int:
    """About a quarter of the dimension, and a divisor of it, as a product quantizer needs.

    >>> [_quarter(d) for d in (24, 25, 50, 257)]
    [6, 5, 10, 1]
    """
    return next(m for m in range(max(1, dimension // 4), 0, -1) if dimension % m == 0)


class FloatIndex(Index):
    """A faiss index from a factory string, by inner product.

    factory: as faiss's `index_factory` reads it; {dimension}, {quarter} (about a quarter of it) and
    {n_lists} are filled in. n_lists: lists of an inverted file.
    """

    def __init__(self, dimension: int, factory: str, n_lists: int = 0):
        super().__init__(dimension)
        self.factory = factory.format(
            dimension=dimension, quarter=_quarter(dimension), n_lists=n_lists
        )
        self.index = faiss.index_factory(dimension, self.factory, faiss.METRIC_INNER_PRODUCT)
        if isinstance(self.index, faiss.IndexHNSW):
            self.index.hnsw.efConstruction = EF_CONSTRUCTION
        if (lists := faiss.try_extract_index_ivf(self.index)) is not None:
            lists.cp.min_points_per_centroid = 1  # the number of training vectors is a parameter

    def fit(self, train: np.ndarray) -> None:
        """Train k-means and quantizers."""
        self.index.train(train)

    def add(self, block: np.ndarray) -> None:
        """As in `Index`."""
        self.index.add(block)

    def find(self, queries, k, ef_search: int = 0, n_probe: int = 0, rerank_k: int = 0):
        """ef_search: candidates that HNSW keeps during the search (faiss uses k if that is larger).

        n_probe: lists of an inverted file that are searched; rerank_k: candidates ranked by their
        exact inner product, in an index with refinement.
        """
        if rerank_k:
            self.index.k_factor = max(1.0, rerank_k / k)
        inner = self.index.base_index if rerank_k or self._refined() else self.index
        inner = faiss.downcast_index(inner)
        if ef_search:
            inner.hnsw.efSearch = ef_search
        if n_probe:
            inner.nprobe = n_probe
        return self.index.search(queries, k)

    def _refined(self) -> bool:
        return isinstance(self.index, faiss.IndexRefine)

    def size_bytes(self) -> int:
        """The size of the index as faiss would write it."""
        return serialised_bytes(self.index)

    def __str__(self):
        return self.factory
