"""Streams blocks of scores past the collectors: what is held at any time fits the memory given."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np
from threadpoolctl import threadpool_limits

from fico_lib.encodings import Encodings, Scores
from fico_lib.encodings.checks import whole
from fico_lib.evaluation.counts import BothDirections
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.machine import cores
from fico_lib.runtime.memory import parse_bytes
from fico_lib.search.compress.blocks import Compressed
from fico_lib.similarity.backend import NumpyBackend, TorchBackend, backend

MOST_THREADS = 1024
SLICE = 1 << 19  # scores ranked at once by one thread: more would leave its cache
RANKING = 32  # bytes that ranking takes per score of a slice
DEVICE_RANKING = 192  # the same on a GPU, which ranks a chunk at once


@dataclass(frozen=True)
class Resources:
    """memory: bytes above the inputs; threads: that rank; backend: numpy, or torch on a GPU."""

    memory: int
    threads: int
    backend: NumpyBackend | TorchBackend


def resources(memory: int | str, threads: int | None, device: Any) -> Resources:
    """What `evaluate` and `evaluate_two_sets` are given, checked. Raises `InputError`."""
    if threads is not None and not (whole(threads) and 1 <= threads <= MOST_THREADS):
        raise InputError(f"threads: found {threads!r}; expected 1 to {MOST_THREADS}, or None")
    return Resources(parse_bytes(memory), threads or default_threads(), backend(device))


def default_threads() -> int:
    """All cores, at most eight: more are limited by memory bandwidth."""
    return min(8, cores())


def stream(
    blocks, direction: str, rows: np.ndarray, collectors: list, resources: Resources
) -> None:
    """Hand the scores of all queries to the collectors, chunk by chunk, slices in threads."""
    plan = _plan(blocks, len(rows), collectors[0].candidates, resources)

    def rank(scores, start: int) -> None:
        for a in range(0, len(scores), plan.step):
            part = scores[a : a + plan.step]
            at = slice(start + a, start + a + len(part))
            for collector in collectors:  # the category overwrites its scores: it comes last
                collector.add(at, part)

    def compute_and_rank(start: int) -> None:
        rank(blocks.block(direction, rows[start : start + plan.chunk]), start)

    starts = range(0, len(rows), plan.chunk)
    with ThreadPoolExecutor(plan.threads) as pool:
        if plan.side_by_side:
            with threadpool_limits(1, "blas"):  # threads of a product would wait for one another
                list(pool.map(compute_and_rank, starts))
            return
        for start in starts:
            scores = blocks.block(direction, rows[start : start + plan.chunk])
            parts = range(0, len(scores), plan.step)
            list(pool.map(lambda a, s=scores, b=start: rank(s[a : a + plan.step], b + a), parts))


@dataclass(frozen=True)
class Plan:
    """chunk: queries scored at once; step: queries ranked at once, by each of `threads`;
    side_by_side: threads score chunks of their own."""

    chunk: int
    step: int
    threads: int
    side_by_side: bool


def _plan(blocks, queries: int, candidates: int, resources: Resources) -> Plan:
    """The largest useful sizes that fit; raises `InputError` where nothing does.

    Half of the memory is for scores and their ranking; prepared encodings may take a quarter.
    """
    budget, tensors = resources.memory // 2, resources.backend.tensors
    per_score = blocks.bytes_per_score + (DEVICE_RANKING if tensors else 0)
    threads = 1 if tensors else resources.threads
    alone = candidates * (per_score + (0 if tensors else RANKING))  # one query, one thread
    if alone > budget:
        raise InputError(
            f"memory: {resources.memory} bytes; one query against {candidates} candidates takes "
            f"at least {2 * alone} bytes"
        )
    threads = max(1, min(threads, budget // alone))
    if tensors:
        chunk = max(1, min(blocks.scores_at_once, budget // per_score) // candidates)
        return Plan(chunk, chunk, 1, False)
    step = max(1, min(SLICE, budget // (2 * threads * RANKING)) // candidates)
    left = (budget - threads * step * candidates * RANKING) // per_score
    left = min(blocks.scores_at_once, left // threads if blocks.threaded else left)
    chunk = max(1, left // candidates)
    if blocks.threaded:  # no thread without work
        chunk = min(chunk, -(-queries // threads))
    return Plan(chunk, step, threads, blocks.threaded)


def serves_both(
    encodings: Encodings | Compressed, tasks, how, relevance, queries, resources
) -> TypeGuard[Scores]:
    """Can the instance task of both directions be counted in one pass over one matrix?"""
    return (
        isinstance(encodings, Scores)
        and encodings.t2i is None
        and encodings.missing is None
        and encodings.i2t.dtype in (np.float32, np.float64)
        and encodings.i2t.flags.c_contiguous
        and tuple(tasks) == ("instance",)
        and all(m.reads == "best" for m in how.of("instance"))
        and how.ties != "index"
        and relevance is None
        and queries is None
        and not resources.backend.tensors
    )


def stream_both(
    matrix: np.ndarray, image_of_caption: np.ndarray, collectors: dict, resources: Resources
) -> None:
    """The instance task from one matrix (n_images, n_captions), read once for both directions."""
    n, m = matrix.shape
    own = matrix[image_of_caption, np.arange(m)]
    best = np.full(n, -np.inf, matrix.dtype)
    with np.errstate(invalid="ignore"):  # NaN is found, and named, when its row is read
        np.maximum.at(best, image_of_caption, own)
    both = BothDirections(own)
    i2t, t2i = collectors["i2t"], collectors["t2i"]
    i2t.tied[:] = np.bincount(image_of_caption, own == best[image_of_caption], n)

    def work(rows: slice) -> tuple:
        part = matrix[rows]
        if not (np.isfinite(part.min()) and np.isfinite(part.max())):
            row, column = np.argwhere(~np.isfinite(part))[0]
            raise InputError(
                f"i2t scores: query {rows.start + row}, candidate {column} is "
                f"{part[row, column]}; expected a finite number"
            )
        i2t.above[rows], i2t.count[rows], captions = both.add(part, best[rows])
        return captions

    step = min(255, -(-n // resources.threads))
    with ThreadPoolExecutor(resources.threads) as pool:
        for captions in pool.map(work, (slice(a, a + step) for a in range(0, n, step))):
            both.merge(captions)
    t2i.above[:], t2i.count[:], t2i.tied[:] = both.above, both.equal, 1
