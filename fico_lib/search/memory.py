"""The memory that a benchmark needs, by arithmetic, before it starts."""

from collections.abc import Sequence

from fico_lib.runtime.errors import InputError
from fico_lib.search import PAPER_INDEXES, index_entry

PROCESS = 800 * 10**6  # bytes: Python with torch and faiss, and the buffers of faiss and BLAS
TILES = 1 << 29  # bytes: a block of vectors, and the tiles of the ground truth
LATENT = 80  # bytes a row of the synthetic generator


def bytes_per_vector(index: str, dimension: int) -> int:
    """Bytes that an index keeps of a vector: components or code, and links, lists and ids."""
    entry = index_entry(index)
    floats = 0 if entry.codes else 4 * dimension
    code = entry.build.get("bits", 0) // 8 + (dimension // 8 if "PQ" in str(entry.build) else 0)
    return floats + code + entry.extra_bytes


def needed(
    n: int,
    n_queries: int,
    n_train: int,
    dimension: int,
    k: int,
    indexes: Sequence[str],
    in_memory: bool,
) -> dict[str, int]:
    """Bytes by purpose. in_memory: the whole gallery is in memory beside the largest index."""
    largest = max(bytes_per_vector(index, dimension) for index in indexes)
    return {
        "process": PROCESS,
        "tiles": TILES,
        "gallery": n * (LATENT + (4 * dimension if in_memory else 0)),
        "index": n * largest,
        "queries, train vectors": 4 * dimension * (n_queries + 2 * n_train),
        "results": 4 * 12 * n_queries * min(k, n),
    }


def check(
    n: int, n_queries: int, n_train: int, dimension: int, k: int, indexes: Sequence[str], limit: int
) -> bool:
    """Whether the gallery fits into memory beside an index; otherwise it has to be streamed.

    limit: bytes. Raises InputError, with the arithmetic and the largest size that fits, if memory
    does not even suffice for streaming.
    """

    def total(size: int, in_memory: bool) -> int:
        return sum(needed(size, n_queries, n_train, dimension, k, indexes, in_memory).values())

    for in_memory in (True, False):
        if total(n, in_memory) <= limit:
            return in_memory
    parts = needed(n, n_queries, n_train, dimension, k, indexes, in_memory=False)
    arithmetic = " + ".join(f"{name} {_gb(size)}" for name, size in parts.items())
    low, high = 0, n  # the largest size that fits is in [low, high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if total(middle, False) <= limit else (low, middle)
    fits = f"the largest gallery that fits has {low:,} vectors" if low else "no gallery fits"
    raise InputError(
        f"memory: {n:,} vectors of {dimension} dimensions and {n_queries:,} queries need "
        f"{_gb(sum(parts.values()))} ({arithmetic}), but {_gb(limit)} are allowed; {fits}"
    )


def fits_memory(
    sizes: Sequence[Sequence[int]],
    gallery: Sequence[int],
    n_train: int,
    k: int,
    indexes: Sequence[str],
    limit: int,
) -> list[bool]:
    """`check` for [queries, vectors, dimensions] of each of `sizes` and, last, of `gallery`.

    The paper's indexes are built at every size, `indexes` at `gallery` alone.
    """
    jobs = [(size, PAPER_INDEXES) for size in sizes] + [(gallery, (*PAPER_INDEXES, *indexes))]
    return [
        check(n, queries, n_train, dimension, k, names, limit)
        for (queries, n, dimension), names in jobs
    ]


def _gb(size: int) -> str:
    return f"{size / 1e9:.2f} GB"
