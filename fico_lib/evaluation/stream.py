"""Streams blocks of scores past the collectors: what is held at any time fits the memory given."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from fico_lib.encodings import Encodings, Scores
from fico_lib.errors import InputError
from fico_lib.ranking.counts import BothDirections

CHUNK = 1 << 24  # scores computed at once: larger products are not faster
SLICE = 1 << 18  # scores ranked at once by one thread: what stays in its cache
RANKING = 64  # bytes that ranking takes per score of a slice
DEVICE_RANKING = 160  # the same on a GPU, which ranks a chunk at once


@dataclass(frozen=True)
class Resources:
    """memory: bytes above the inputs; threads: that rank; backend: numpy, or torch on a GPU."""

    memory: int
    threads: int
    backend: object


def default_threads() -> int:
    """All processors this process may use, at most eight: beyond, memory is the limit."""
    usable = getattr(os, "sched_getaffinity", None)
    return min(8, len(usable(0)) if usable else os.cpu_count() or 1)


def stream(
    blocks, direction: str, rows: np.ndarray, collectors: list, resources: Resources
) -> None:
    """Hand the scores of all queries to the collectors, chunk by chunk, slices in threads."""
    candidates = collectors[0].candidates
    # Half of the memory is for a chunk of scores and the slices; prepared encodings take a quarter.
    budget = resources.memory // 2
    on_device = resources.backend.tensors
    per_score = blocks.bytes_per_score + (DEVICE_RANKING if on_device else 0)
    threads = 1 if on_device else resources.threads
    while threads > 1 and 2 * threads * candidates * RANKING > budget:
        threads -= 1
    step = max(1, min(SLICE, budget // (2 * threads * RANKING)) // candidates)
    ranking = 0 if on_device else threads * step * candidates * RANKING
    if (needed := ranking + candidates * per_score) > budget:
        raise InputError(
            f"memory: {resources.memory} bytes; one query against {candidates} candidates takes "
            f"at least {2 * needed} bytes"
        )
    chunk = max(1, min(CHUNK, (budget - ranking) // per_score) // candidates)
    if on_device:
        step = chunk
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(rows), chunk):
            scores = blocks.block(direction, rows[start : start + chunk])

            def work(a: int, start=start, scores=scores) -> None:
                part = scores[a : a + step]
                at = slice(start + a, start + a + len(part))
                for collector in collectors:  # the category overwrites its scores: it comes last
                    collector.add(at, part)

            list(pool.map(work, range(0, len(scores), step)))


def serves_both(encodings: Encodings, tasks, how, relevance, queries, resources) -> bool:
    """Can the instance task of both directions be counted in one pass over one matrix?"""
    return (
        isinstance(encodings, Scores)
        and encodings.t2i is None
        and encodings.missing is None
        and encodings.i2t.dtype in (np.float32, np.float64)
        and encodings.i2t.flags.c_contiguous
        and tuple(tasks) == ("instance",)
        and how.mode == "any"
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
