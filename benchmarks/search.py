"""Exact search of codes by counting beside faiss's flat index, as ratios in one run.

Random codes, one thread and then all; nothing else should run. Times are the fastest of the
repeats: processor seconds of one thread, seconds on the clock of several. A million codes are
beyond the second-level cache.

    python benchmarks/search.py [--codes 1000000] [--queries 64] [--repeats 7]
"""

import argparse
import time

import faiss
import numpy as np
from rich.console import Console
from rich.table import Table

from fico_lib.runtime.machine import cores
from fico_lib.search.counting import CodeGallery


def fastest(search, repeats: int, clock) -> float:
    """Seconds of the fastest of so many runs, after one to warm up."""
    search()
    times = []
    for _ in range(repeats):
        start = clock()
        search()
        times.append(clock() - start)
    return min(times)


def ratio(codes: np.ndarray, queries: np.ndarray, k: int, threads: int, repeats: int) -> list[str]:
    """Pairs a second of counting and of faiss, and how many times as long faiss takes."""
    gallery, flat = (kind(8 * codes.shape[1]) for kind in (CodeGallery, faiss.IndexBinaryFlat))
    gallery.add(codes)
    flat.add(codes)
    clock = time.process_time if threads == 1 else time.perf_counter
    ours = fastest(lambda: gallery.search(queries, k, threads), repeats, clock)
    theirs = fastest(lambda: flat.search(queries, k), repeats, clock)
    pairs = len(codes) * len(queries) / 1e9
    return [f"{pairs / ours:.2f}", f"{pairs / theirs:.2f}", f"{theirs / ours:.1f}"]


def main() -> None:
    """Print a row for each length of codes, k and number of threads."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--codes", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=7)
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    table = Table("threads", "bits", "k", "counting Gpair/s", "faiss Gpair/s", "faiss / counting")
    for threads in dict.fromkeys((1, cores())):
        faiss.omp_set_num_threads(threads)
        for bits in (64, 128, 256):
            codes, queries = (
                rng.integers(0, 256, (rows, bits // 8), dtype=np.uint8)
                for rows in (given.codes, given.queries)
            )
            for k in (1, 100, 1000):
                row = ratio(codes, queries, k, threads, given.repeats)
                table.add_row(str(threads), str(bits), str(k), *row)
    Console().print(table)


if __name__ == "__main__":
    main()
