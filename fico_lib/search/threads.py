"""The threads of a search, and the setting that makes faiss a fair baseline."""

from collections.abc import Iterator
from contextlib import contextmanager

from fico_lib.runtime.devices import threads as torch_threads
from fico_lib.runtime.extras import named_extras

with named_extras():
    import faiss

FEW_QUERIES = 4  # with fewer, faiss's own loop is faster than BLAS


@contextmanager
def search_settings(count: int, dimension: int) -> Iterator[None]:
    """Let faiss and torch (two runtimes) use `count` threads inside the block, and faiss use BLAS.

    faiss calls BLAS only if queries × dimension reach a threshold, whose default makes a flat
    search of a few hundred short vectors several times slower than necessary.
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
