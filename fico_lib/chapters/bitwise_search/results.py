"""Rows of the chapter on bitwise search: exact searches of codes, floats beside them, the task."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import faiss
import numpy as np
import pandas as pd
import torch

from fico_lib.chapters.bitwise_search.parameters import CPU_INDEXES, BitwiseSearchChapter
from fico_lib.costs.measured import Measurement, measure
from fico_lib.encodings import Codes, Encodings, Scores
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.runtime.machine import cores, machine_name
from fico_lib.runtime.memory import parse_bytes
from fico_lib.runtime.progress import track
from fico_lib.search import index_entry, make, query_arguments
from fico_lib.search import measure as records
from fico_lib.search.counting import CodeGallery
from fico_lib.search.dataset import of_synthetic, unit_rows
from fico_lib.search.exact import ground_truth, top_k
from fico_lib.search.memory import fits_memory
from fico_lib.search.metrics import recall_1_at_k
from fico_lib.search.threads import search_settings
from fico_lib.similarity.hamming import signs

CPU = torch.device("cpu")
COUNTING, FAISS, PRODUCTS = "counting", "faiss", "products"
METHODS = {
    COUNTING: "counting",
    FAISS: "faiss, flat",
    PRODUCTS: "matrix products of ±1",
}
CORE, BATCH, SINGLE = "a batch on one core", "a batch on all cores", "one query"
MODES = (CORE, BATCH, SINGLE)
SIZE_OF_READING = 1 << 25  # numbers of 8 bytes: beyond every cache
TILE = 1 << 16  # codes that are multiplied at once
ALONE = 20  # queries that are asked one after the other: a single one is timed by chance
TASK_BITS = (64, 256)  # of the codes that are made from embeddings for the task


@dataclass(frozen=True)
class BitwiseSearch:
    """What was measured, as tidy tables; times are medians with the fastest and slowest repeat.

    exact: one row per method, length of codes, k and mode; limits: one per length, what no exact
    search on this machine can beat; beside: one per index, setting and mode, on vectors; task: one
    per model, search, setting, direction and mode, with its R@1 and R@k.
    """

    exact: pd.DataFrame
    limits: pd.DataFrame
    beside: pd.DataFrame
    task: pd.DataFrame


def study(
    encodings: Sequence[Encodings], cache: Path, parameters: BitwiseSearchChapter
) -> BitwiseSearch:
    """Measure all of it. cache: folder of the records of indexes and of the ground truth."""
    threads = parameters.threads or cores()
    searches = track(list(encodings), "searches for the task")
    return BitwiseSearch(
        exact=pd.DataFrame(_exact_rows(threads, parameters)),
        limits=pd.DataFrame(_limit_rows(parameters)),
        beside=pd.DataFrame(_beside_rows(threads, cache, parameters)),
        task=pd.DataFrame([row for one in searches for row in _task_rows(one, parameters)]),
    )


def _random_codes(rows: int, bits: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (rows, bits // 8), dtype=np.uint8)


def _searches(codes: np.ndarray, bits: int) -> dict[str, Callable]:
    """The exact searches of codes: (queries, k, threads) -> distances and rows."""
    counted, flat = CodeGallery(bits), faiss.IndexBinaryFlat(bits)
    counted.add(codes)
    flat.add(codes)
    multiplied = torch.from_numpy(signs(codes, bits))

    def products(queries: np.ndarray, k: int, threads: int) -> tuple[np.ndarray, np.ndarray]:
        blocks = ((first, multiplied[first : first + TILE]) for first in range(0, len(codes), TILE))
        agreeing, ids = top_k(torch.from_numpy(signs(queries, bits)), blocks, k)
        return ((bits - agreeing) / 2).to(torch.int32).numpy(), ids.numpy()

    return {
        COUNTING: counted.search,
        FAISS: lambda queries, k, threads: flat.search(queries, k),
        PRODUCTS: products,
    }


def _exact_rows(threads: int, parameters: BitwiseSearchChapter) -> Iterator[dict]:
    """Exact searches of random codes. Every method has to find the same distances."""
    p, (n_queries, n) = parameters, parameters.codes
    for bits in track(p.bits, "exact searches of codes"):
        queries = _random_codes(n_queries, bits, seed=1)
        searches = _searches(_random_codes(n, bits, seed=0), bits)
        for k in p.cuts:
            found = {name: search(queries, k, threads)[0] for name, search in searches.items()}
            for name, distances in found.items():
                if not np.array_equal(distances, found[FAISS]):
                    raise RuntimeError(f"{METHODS[name]} and faiss differ at {bits} bits, k = {k}")
            for mode, count in {CORE: 1, BATCH: threads, SINGLE: 1}.items():
                for name, search in searches.items():
                    with search_settings(count, bits):
                        timed = _timed(partial(search, k=k, threads=count), queries, mode, p)
                    about = {"method": name, "bits": bits, "k": k, "mode": mode, "codes": n}
                    yield (
                        about
                        | {"threads": count}
                        | _times(timed)
                        | {"gpairs_per_second": n / timed.per_item / 1e9}
                    )


def _timed(
    search: Callable, queries: np.ndarray, mode: str, parameters: BitwiseSearchChapter
) -> Measurement:
    """The clock of a search, (queries) -> results: all at once, or one after the other."""
    if mode != SINGLE:
        return measure(lambda: search(queries), len(queries), CPU, seconds=parameters.seconds)
    alone = [queries[[row]] for row in range(min(ALONE, len(queries)))]
    return measure(
        lambda: [search(query) for query in alone], len(alone), CPU, seconds=parameters.seconds
    )


def _times(timed: Measurement) -> dict:
    low, high = timed.spread
    return {
        "milliseconds_per_query": 1e3 * timed.per_item,
        "fastest_milliseconds": 1e3 * low,
        "slowest_milliseconds": 1e3 * high,
        "repeats": len(timed.seconds),
    }


def _limit_rows(parameters: BitwiseSearchChapter) -> Iterator[dict]:
    """Pairs a second of one core: counting bits and keeping a minimum; reading codes once each."""
    numbers = np.ones(SIZE_OF_READING, np.uint64)
    read = measure(numbers.sum, 1, CPU, seconds=parameters.seconds)
    n_queries, n = parameters.codes
    for bits in parameters.bits:
        gallery, queries = CodeGallery(bits), _random_codes(n_queries, bits, seed=1)
        gallery.add(_random_codes(n, bits, seed=0))
        counted = measure(
            lambda g=gallery, q=queries: g.smallest(q), n_queries, CPU, seconds=parameters.seconds
        )
        yield {
            "bits": bits,
            "counting_gpairs_per_second": n / counted.per_item / 1e9,
            "reading_gigabytes_per_second": numbers.nbytes / read.per_item / 1e9,
            "reading_gpairs_per_second": numbers.nbytes / read.per_item / (bits / 8) / 1e9,
        }


def _beside_rows(threads: int, cache: Path, parameters: BitwiseSearchChapter) -> Iterator[dict]:
    """The paper's comparison again: searches of floats and of codes in one gallery of vectors."""
    p = parameters
    (hold,) = fits_memory([], p.gallery, p.n_train, p.k, CPU_INDEXES, parse_bytes(p.memory))
    queries, n, dimension = p.gallery
    problem = of_synthetic(queries, n, dimension, p.n_train)
    problem = problem.in_memory() if hold else problem
    conditions = records.BenchmarkSettings(
        threads, p.repeats, p.singles, machine_name(), cache, p.device
    )
    nearest = ground_truth(problem, p.k, p.device, cache)[1][:, 0]
    sweeps = {"ef_search": p.ef_search, "n_probe": p.n_probe}
    for name in track(CPU_INDEXES, "indexes of floats and codes"):
        asked = [(q, p.k, mode) for q in query_arguments(name, sweeps) for mode in MODE_NAMES]
        for record in records.measure(problem, name, asked, conditions):
            row = {
                "index": name,
                "setting": record.setting,
                "vectors": n,
                "dimension": dimension,
                "mode": MODE_NAMES[record.mode],
                "refused": record.refused,
                "bytes_per_vector": record.bytes_per_vector,
            }
            if not record.refused:
                found = recall_1_at_k(record.ids, nearest[: len(record.ids)], p.k)
                row |= {
                    "recall_percent": 100 * found.mean(),
                    "milliseconds_per_query": record.milliseconds(),
                    "fastest_milliseconds": record.milliseconds(5),
                    "slowest_milliseconds": record.milliseconds(95),
                    "repeats": len(record.times),
                }
            yield row


MODE_NAMES = {"batch": BATCH, "single": SINGLE}  # of records -> of this chapter


def _task_rows(encodings: Encodings, parameters: BitwiseSearchChapter) -> Iterator[dict]:
    """Searches of one model's embeddings or codes for what belongs together."""
    if isinstance(encodings, Scores) or getattr(encodings, "measure", "cosine") != "cosine":
        return  # an index needs codes, or vectors that compare by cosine
    for direction in DIRECTIONS:
        sides = encodings.images, encodings.texts
        asked, gallery = sides if direction == "i2t" else sides[::-1]
        asked = asked if isinstance(encodings, Codes) else unit_rows(asked)
        k, rows = min(parameters.k, len(gallery)), np.arange(encodings.n_images)
        query_images, gallery_images = (
            (rows, encodings.image_of_caption)
            if direction == "i2t"
            else (encodings.image_of_caption, rows)
        )
        for search, setting, bits, find in _task_searches(encodings, gallery, parameters):
            with search_settings(1, gallery.shape[1]):
                ids = find(asked, k)[1]
                timed = {mode: _timed(partial(find, k=k), asked, mode, parameters)
                         for mode in (CORE, SINGLE)}  # fmt: skip
            right = gallery_images[ids] == query_images[:, None]
            about = {
                "model": encodings.model,
                "search": search,
                "setting": setting,
                "bits": bits,
                "direction": direction,
                "queries": len(asked),
                "items": len(gallery),
                "k": k,
                "r_at_1_percent": 100 * right[:, 0].mean(),
                "r_at_k_percent": 100 * right.any(1).mean(),
            }
            for mode, one in timed.items():
                yield about | {"mode": mode} | _times(one)


def _task_searches(
    encodings: Encodings, gallery: np.ndarray, parameters: BitwiseSearchChapter
) -> Iterator[tuple[str, str, int, Callable]]:
    """(search, setting, bits, function) of one gallery; the function takes queries and k."""
    if isinstance(encodings, Codes):
        codes = CodeGallery(encodings.bits)
        codes.add(gallery)
        yield "code_counting", "", encodings.bits, codes.search
        return
    rows, d = unit_rows(gallery), gallery.shape[1]
    for name, bits in [("flat", 0), ("hnsw", 0), *(("code_counting", b) for b in TASK_BITS)]:
        index = make(name, d, **({"bits": bits} if bits else {}))
        with search_settings(1, d):
            index.build(rows, [(0, rows)])
        for query in query_arguments(name, {"ef_search": parameters.ef_search}):
            setting = ", ".join(f"{key} {value}" for key, value in query.items())
            yield name, setting, bits, partial(index.search, **query)


def titles() -> dict[str, str]:
    """Index -> its name on a page."""
    return {name: index_entry(name).title for name in CPU_INDEXES}
