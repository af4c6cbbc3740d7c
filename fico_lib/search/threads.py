"""The threads that a search may use, and the setting that makes faiss's baseline a fair one."""

from collections.abc import Iterator
from contextlib import contextmanager

import faiss

from fico_lib.runtime.devices import threads as torch_threads

FEW_QUERIES = 4  # below, faiss's own loop is the faster way; from there on BLAS is


@contextmanager
def search_settings(count: int, dimension: int) -> Iterator[None]:
    """Let faiss and torch (two runtimes) use `count` threads, and faiss BLAS where that is faster.

    faiss multiplies matrices by BLAS only where queries × dimension reach a threshold; its default
    lets a flat search of a few hundred short vectors run several times slower than it could.
    """
    before = faiss.omp_get_max_threads(), faiss.cvar.distance_compute_blas_threshold
    faiss.omp_set_num_threads(count)
    faiss.cvar.distance_compute_blas_threshold = FEW_QUERIES * dimension
    try:
        with torch_threads(count):
            yield
    finally:
        faiss.omp_set_num_threads(before[0])
        faiss.cvar.distance_compute_blas_threshold = before[1]
