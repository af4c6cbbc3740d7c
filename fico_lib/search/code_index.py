"""Indexes over binary codes: a binary quantizer, and faiss's IVF or HNSW search, or counting."""

import time

import faiss
import numpy as np

from fico_lib.search import binarise
from fico_lib.search.binarise.projection import Projection
from fico_lib.search.counting import CodeGallery
from fico_lib.search.fits import QuantizerFit
from fico_lib.search.index import Index, serialised_bytes


class CodeIndex(Index):
    """Codes of the vectors, compared by Hamming distance; queries are quantized too.

    quantizer: a name of `fico_lib.search.binarise`; bits: length of the codes, which are padded
    with zeros to whole bytes.
    """

    def __init__(self, dimension: int, quantizer: str, bits: int):
        super().__init__(dimension)
        self.quantizer, self.bits = quantizer, bits
        self.projection: Projection | None = None
        self.index = self.make(-(-bits // 8) * 8)

    def make(self, width: int):
        """The faiss index of codes of `width` bits."""
        return faiss.IndexBinaryFlat(width)

    def use(self, fitted: QuantizerFit) -> None:
        """Take a quantizer that was fitted before; its time is told as if it was fitted here."""
        self.projection, self.seconds["quantizer"] = fitted.projection, fitted.seconds

    def fit(self, train: np.ndarray) -> None:
        """Fit the quantizer, unless `use` gave one, then the index to the codes of `train`."""
        clock = time.perf_counter()
        if self.projection is None:
            self.projection = binarise.fit(self.quantizer, train, self.bits)
            self.seconds["quantizer"] = time.perf_counter() - clock
        if self.index.is_trained:  # exhaustive search and graphs have nothing to train
            self.seconds["fit"] -= time.perf_counter() - clock
            return
        fitted = time.perf_counter()
        codes = self.projection.encode(train)
        self.seconds["code"] += time.perf_counter() - fitted
        self.seconds["fit"] -= time.perf_counter() - clock
        self.index.train(codes)

    def add(self, block: np.ndarray) -> None:
        """As in `Index`."""
        clock = time.perf_counter()
        codes = self.projection.encode(block)
        self.seconds["code"] += time.perf_counter() - clock
        self.index.add(codes)

    def find(self, queries: np.ndarray, k: int):
        """As in `Index`; distances are counts of bits."""
        return self.index.search(self.projection.encode(queries), k)

    def size_bytes(self) -> int:
        """The size of the index as faiss would write it."""
        return serialised_bytes(self.index, binary=True)

    def __str__(self):
        return f"{type(self).__name__} of {self.bits}-bit {self.quantizer} codes"


class CodeCounting(CodeIndex):
    """The same results as those of `CodeIndex`, found by counting distances instead of by a heap.

    Of equal distances the lowest rows come first; faiss promises no order.
    """

    def make(self, width: int):
        """As in `CodeIndex`."""
        return CodeGallery(width)

    def find(self, queries: np.ndarray, k: int):
        """As in `CodeIndex`, with as many threads as faiss would use."""
        return self.index.search(self.projection.encode(queries), k, faiss.omp_get_max_threads())

    def size_bytes(self) -> int:
        """The codes."""
        return self.index.size_bytes()


class CodeIVF(CodeIndex):
    """An inverted file of `n_lists` lists; their centres come from k-means over training codes."""

    def __init__(self, dimension: int, quantizer: str, bits: int, n_lists: int):
        self.n_lists = n_lists
        super().__init__(dimension, quantizer, bits)

    def make(self, width: int):
        """As in `CodeIndex`; keeps the centres alive, since faiss does not own them."""
        self.centres = faiss.IndexBinaryFlat(width)
        index = faiss.IndexBinaryIVF(self.centres, width, self.n_lists)
        index.cp.min_points_per_centroid = 1
        return index

    def find(self, queries: np.ndarray, k: int, n_probe: int = 8):
        """n_probe: lists searched (faiss's own default, 1, finds little)."""
        self.index.nprobe = n_probe
        return super().find(queries, k)


class CodeHNSW(CodeIndex):
    """A graph over codes, with `links` neighbours per node."""

    def __init__(self, dimension: int, quantizer: str, bits: int, links: int = 32):
        self.links = links
        super().__init__(dimension, quantizer, bits)

    def make(self, width: int):
        """As in `CodeIndex`."""
        return faiss.IndexBinaryHNSW(width, self.links)

    def find(self, queries: np.ndarray, k: int, ef_search: int = 16):
        """ef_search: candidates kept during the search."""
        self.index.hnsw.efSearch = ef_search
        return super().find(queries, k)
