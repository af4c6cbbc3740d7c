"""The driver: streams blocks of scores past the collectors of each task, direction by direction."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from fico_lib.encodings import Codes, Encodings, Scores
from fico_lib.errors import InputError, unknown_name
from fico_lib.evaluation.collectors import CategoryCollector, InstanceCollector, check_empty
from fico_lib.evaluation.memory import parse_bytes
from fico_lib.evaluation.result import EvaluationResult
from fico_lib.metrics.conventions import TASKS, Conventions
from fico_lib.similarity.blocks import source
from fico_lib.tasks import DIRECTIONS, Categories, explicit_positives, instance_positives

CHUNK = 1 << 24  # scores computed at once: larger products are not faster
SLICE = 1 << 18  # scores ranked at once by one thread: what stays in its cache


def evaluate(
    encodings: Encodings,
    labels: object = None,
    *,
    tasks: Sequence[str] | None = None,
    recall_at: Sequence[int] = (1, 5, 10),
    map_at: Sequence[int | str] = (10, 100, "all"),
    mode: str = "any",
    ties: str = "expected",
    denominator: str = "hits",
    empty: str = "zero",
    measure: str | None = None,
    relevance: object = None,
    queries: Mapping[str, np.ndarray] | None = None,
    device: str = "auto",
    memory: int | str = "2GB",
    threads: int | None = None,
    per_query: bool = False,
) -> EvaluationResult:
    """Evaluate retrieval in both directions.

    labels: of the images (see `fico_lib.tasks.label_matrix`), for the category task.
    tasks: `instance`, `category`; by default all there is relevance for.
    relevance: judgements in place of both (see `explicit_positives`; labels, when given too, keep
        the category task).
    measure: overrides the one of the embeddings.
    queries: rows to evaluate per direction (default all), still against all candidates.
    memory: what may be used above the inputs.
    per_query: put per-query values into `to_dict()` (they are always attributes).
    The rest: see `Conventions`.

    Raises `InputError` for wrong input, before the long work starts (except for scores that are not
    finite, found while they are read).
    """
    how = Conventions(tuple(_list(recall_at)), tuple(_list(map_at)), mode, ties, denominator, empty)
    tasks = _tasks(tasks, labels, relevance)
    n, m = encodings.n_images, encodings.n_captions
    positives = (
        instance_positives(encodings.image_of_caption, n)
        if relevance is None
        else explicit_positives(relevance, n, m)
    )
    categories = positives if labels is None else Categories(labels, encodings.image_of_caption, n)
    blocks = source(encodings, measure)
    found = {task: {} for task in tasks}
    for direction in DIRECTIONS:
        size, candidates = (n, m) if direction == "i2t" else (m, n)
        rows = _rows(queries, direction, size)
        _check_empty(how, tasks, positives, categories, direction, rows)
        collectors = {}
        if "instance" in tasks:
            collectors["instance"] = InstanceCollector(positives[direction], rows, candidates, how)
        if "category" in tasks:
            highest = blocks.highest if isinstance(encodings, Codes) else None
            collectors["category"] = CategoryCollector(
                categories, direction, rows, candidates, how, highest
            )
        _stream(blocks, direction, rows, candidates, list(collectors.values()), threads, memory)
        clusters = rows if direction == "i2t" else encodings.image_of_caption[rows]
        partial = isinstance(encodings, Scores) and encodings.missing is not None
        scored = blocks.scored[direction][rows] if partial else None
        for task, collector in collectors.items():
            found[task][direction] = collector.result(clusters, scored)
    about = {"measure": _measure(encodings, measure), "model": encodings.model}
    return EvaluationResult(
        found.get("instance"), found.get("category"), how, about, keep_per_query=per_query
    )


def _list(values: object) -> list:
    return [values] if isinstance(values, (int, str)) else list(values)


def _measure(encodings: Encodings, measure: str | None) -> str:
    if isinstance(encodings, Codes):
        return "hamming"
    return "scores" if isinstance(encodings, Scores) else measure or encodings.measure


def _tasks(tasks: Sequence[str] | None, labels: object, relevance: object) -> tuple[str, ...]:
    if tasks is None:
        return TASKS if labels is not None or relevance is not None else ("instance",)
    tasks = (tasks,) if isinstance(tasks, str) else tuple(tasks)
    for task in tasks:
        if task not in TASKS:
            raise unknown_name("task", task, TASKS)
    if not tasks:
        raise InputError("tasks: none given; expected instance, category or both")
    if "category" in tasks and labels is None and relevance is None:
        raise InputError("the category task needs labels of the images, or explicit relevance")
    return tasks


def _rows(queries: Mapping[str, np.ndarray] | None, direction: str, size: int) -> np.ndarray:
    if queries is None or direction not in queries:
        return np.arange(size)
    rows = np.asarray(queries[direction])
    if rows.ndim != 1 or not len(rows) or rows.dtype.kind not in "iu":
        raise InputError(f"queries {direction}: expected a list of row numbers, at least one")
    if rows.min() < 0 or rows.max() >= size:
        raise InputError(f"queries {direction}: found {rows.min()} to {rows.max()}; "
                         f"expected 0 to {size - 1}")  # fmt: skip
    return rows


def _check_empty(how, tasks, positives, categories, direction, rows) -> None:
    if how.empty != "error":
        return
    if "instance" in tasks:
        check_empty(positives[direction].counts[rows] == 0, rows, "instance", direction)
    if "category" in tasks:
        empty = (
            categories.empty(direction)[rows]
            if isinstance(categories, Categories)
            else positives[direction].counts[rows] == 0
        )
        check_empty(empty, rows, "category", direction)


def _stream(blocks, direction, rows, candidates, collectors, threads, memory) -> None:
    """Hand the scores of all queries to the collectors, chunk by chunk, slices in threads."""
    threads = threads or min(8, os.cpu_count() or 1)
    chunk = max(1, min(CHUNK, parse_bytes(memory) // 16) // candidates)
    step = max(1, SLICE // candidates)

    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(rows), chunk):
            scores = blocks.block(direction, rows[start : start + chunk])

            def work(a: int, start=start, scores=scores) -> None:
                part = scores[a : a + step]
                at = slice(start + a, start + a + len(part))
                for collector in collectors:  # the category overwrites its scores: it comes last
                    collector.add(at, part)

            list(pool.map(work, range(0, len(scores), step)))
