"""Coarse to fine: codes select candidates, exact inner products rank them."""

import faiss
import numpy as np

from fico_lib.runtime.errors import InputError
from fico_lib.search.code_index import CodeIndex


class Screen(CodeIndex):
    """An exhaustive search of codes, then the exact inner product of the best `rerank_k`."""

    def __init__(self, dimension: int, quantizer: str, bits: int):
        super().__init__(dimension, quantizer, bits)
        self.vectors = faiss.IndexFlatIP(dimension)

    def add(self, block: np.ndarray) -> None:
        """As in `Index`."""
        super().add(block)
        self.vectors.add(block)

    def find(self, queries: np.ndarray, k: int, rerank_k: int = 100):
        """rerank_k: candidates selected by the codes, at least k."""
        if rerank_k < k:
            raise InputError(f"rerank_k: found {rerank_k}; expected at least k = {k}")
        depth = min(rerank_k, self.vectors.ntotal)
        _, candidates = super().find(queries, depth)
        values = np.empty(candidates.shape, np.float32)
        self.vectors.compute_distance_subset(
            len(queries),
            faiss.swig_ptr(queries),
            depth,
            faiss.swig_ptr(values),
            faiss.swig_ptr(candidates),
        )
        order = np.argsort(-values, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(values, order, 1), np.take_along_axis(candidates, order, 1)

    def size_bytes(self) -> int:
        """Codes and vectors."""
        return super().size_bytes() + 4 * self.dimension * self.vectors.ntotal
