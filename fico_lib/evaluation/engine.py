"""The driver: streams blocks of scores past the collectors of each task, direction by direction."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fico_lib.encodings import Codes, Embeddings, Encodings, Scores
from fico_lib.encodings.checks import whole
from fico_lib.evaluation.folds import Folds
from fico_lib.evaluation.hubs import HubCollector
from fico_lib.evaluation.instance import InstanceCollector
from fico_lib.evaluation.relevance import (
    DIRECTIONS,
    Categories,
    explicit_positives,
    instance_positives,
)
from fico_lib.evaluation.result import EvaluationResult
from fico_lib.evaluation.stream import resources, serves_both, stream, stream_both
from fico_lib.metrics import TASKS, Denominator, Empty, Mode, Ties
from fico_lib.metrics.conventions import Conventions, metric_names
from fico_lib.metrics.registry import metric
from fico_lib.runtime.errors import InputError, unknown_name
from fico_lib.runtime.registry import lookup
from fico_lib.search.compress.blocks import Compressed
from fico_lib.similarity.blocks import source
from fico_lib.similarity.normalised import SHARPNESS, WARNING, Normalisation, NormalisedBlocks


def evaluate(
    encodings: Encodings | Compressed,
    labels: object = None,
    *,
    tasks: Sequence[str] | None = None,
    recall_at: Sequence[int] = Conventions.recall_at,
    map_at: Sequence[int | str] = Conventions.map_at,
    mode: Mode = Conventions.mode,
    ties: Ties = Conventions.ties,
    denominator: Denominator = Conventions.denominator,
    empty: Empty = Conventions.empty,
    metrics: Sequence[str] | str | None = Conventions.metrics,
    measure: str | None = None,
    relevance: object = None,
    queries: Mapping[str, np.ndarray] | None = None,
    without_own: bool = False,
    normalise: Normalisation | None = None,
    hubness: int | None = None,
    device: str = "auto",
    memory: int | str = "2GB",
    threads: int | None = None,
    per_query: bool = False,
) -> EvaluationResult:
    """Evaluate retrieval in both directions.

    encodings: of any kind, or embeddings compressed by `fico_lib.search.compress.compress`.
    labels: of the images (see `fico_lib.evaluation.relevance.label_matrix`), for the category task.
    tasks: `instance`, `category`; by default all there is relevance for.
    relevance: judgements in place of both (see `explicit_positives`; labels, when given too, keep
        the category task).
    measure: overrides the one of the embeddings.
    queries: rows to evaluate per direction (default all), still against all candidates.
    without_own: the category task without a query's own captions, or image: they come last, and are
        not relevant. Chance levels and depths still count them as candidates.
    normalise: scores are first normalised over all queries (`fico_lib.similarity.normalised`); what
        comes out is no property of the model alone.
    hubness: k, for the skewness of the k-occurrence (`EvaluationResult.hubness`).
    memory: what may be used above the inputs.
    per_query: put per-query values into `to_dict()` (they are always attributes).
    The rest: see `Conventions`.

    Raises `InputError` for wrong input, before the long work starts (except for scores that are not
    finite, found while they are read).
    """
    if not all(hasattr(encodings, name) for name in ("n_images", "n_captions", "image_of_caption")):
        raise InputError(
            f"encodings: found {type(encodings).__name__}; expected Embeddings, Codes or Scores"
        )
    how = Conventions(
        tuple(_list(recall_at)),
        tuple(_list(map_at)),
        mode,
        ties,
        denominator,
        empty,
        metric_names(metrics),
    )
    tasks = _tasks(tasks, labels, relevance)
    _check_metrics(how, tasks)
    n, m, of = encodings.n_images, encodings.n_captions, encodings.image_of_caption
    positives = (
        instance_positives(of, n) if relevance is None else explicit_positives(relevance, n, m)
    )
    shared = positives if labels is None else Categories(labels, of, n)
    rows = {"i2t": _rows(queries, "i2t", n), "t2i": _rows(queries, "t2i", m)}
    _check_empty(how, tasks, positives, shared, rows)
    given = resources(memory, threads, device)
    blocks = source(encodings, measure, given.backend, given.memory)
    own = instance_positives(of, n) if without_own else None
    hubs = _hubs(hubness, rows, n, m)
    codes = encodings if isinstance(encodings, Codes) and normalise is None else None
    if normalise is not None:
        lookup("normalisation", SHARPNESS, normalise)
        if isinstance(encodings, Compressed) and encodings.second:
            raise InputError(
                f"normalise '{normalise}': found rescored embeddings, whose two stages have scales "
                "of their own; expected a setting without rescoring"
            )
        blocks = NormalisedBlocks(blocks, encodings, normalise, given.memory)
    collectors = {
        task: {
            direction: _collector(
                task, direction, rows, encodings, codes, how, positives, shared, blocks, own
            )
            for direction in DIRECTIONS
        }
        for task in tasks
    }
    if (
        not hubs
        and normalise is None
        and serves_both(encodings, tasks, how, relevance, queries, given)
    ):
        stream_both(encodings.i2t, of, collectors["instance"], given)
    else:
        for direction in DIRECTIONS:
            together = [collectors[task][direction] for task in tasks]
            together = [hubs[direction], *together] if hubs else together
            stream(blocks, direction, rows[direction], together, given)
    found = {
        task: {
            direction: collector.result(
                rows["i2t"] if direction == "i2t" else of[rows["t2i"]],
                _scored(encodings, blocks, direction, rows[direction]),
            )
            for direction, collector in by_direction.items()
        }
        for task, by_direction in collectors.items()
    }
    about = {"measure": _measure(encodings, measure), "model": encodings.model}
    if normalise is not None:
        about["normalise"] = f"{normalise} ({WARNING})"
    result = EvaluationResult(found.get("instance"), found.get("category"), how, about, per_query)
    if hubs:
        result.hubness = {
            direction: hub.result(_scored(encodings, blocks, direction, rows[direction]))
            for direction, hub in hubs.items()
        }
    return result


def _hubs(k: int | None, rows: dict, n_images: int, n_captions: int) -> dict[str, HubCollector]:
    if k is None:
        return {}
    if not whole(k) or k < 1:
        raise InputError(f"hubness: found {k!r}; expected a whole number of at least 1")
    return {
        "i2t": HubCollector(len(rows["i2t"]), n_captions, k),
        "t2i": HubCollector(len(rows["t2i"]), n_images, k),
    }


def _collector(task, direction, rows, encodings, codes, how, positives, shared, blocks, own):
    candidates = encodings.n_captions if direction == "i2t" else encodings.n_images
    if task == "instance":
        folded = any(m.reads == "fold" for m in how.of(task))
        folds = Folds(direction, encodings.image_of_caption, encodings.n_images) if folded else None
        return InstanceCollector(positives[direction], rows[direction], candidates, how, folds)
    from fico_lib.evaluation.category import CategoryCollector

    highest = None if codes is None else blocks.highest
    return CategoryCollector(
        shared,
        direction,
        rows[direction],
        candidates,
        how,
        blocks.backend,
        highest,
        None if own is None else own[direction],
        None if codes is None else codes.bits,
    )


def _scored(
    encodings: Encodings | Compressed, blocks, direction: str, rows: np.ndarray
) -> np.ndarray | None:
    """Candidates scored per query, where the model may not have scored all."""
    partial = isinstance(encodings, Scores) and encodings.missing is not None
    return blocks.scored[direction][rows] if partial else None


def _list(values: Any) -> list:
    """The values of a sequence, or the value alone; which are right is asked later."""
    if isinstance(values, str):
        return [values]
    try:
        return list(values)
    except TypeError:
        return [values]


def _measure(encodings: Encodings | Compressed, measure: str | None) -> str:
    if isinstance(encodings, Embeddings | Compressed):
        return measure or encodings.measure
    return "hamming" if isinstance(encodings, Codes) else "scores"


def _tasks(tasks: Sequence[str] | None, labels: object, relevance: object) -> tuple[str, ...]:
    if tasks is None:
        return TASKS if labels is not None or relevance is not None else ("instance",)
    tasks = tuple(_list(tasks))
    for task in tasks:
        if not isinstance(task, str) or task not in TASKS:
            raise unknown_name("task", task, TASKS)
    tasks = tuple(task for task in TASKS if task in tasks)  # the category overwrites its scores
    if not tasks:
        raise InputError("tasks: none given; expected instance, category or both")
    if "category" in tasks and labels is None and relevance is None:
        raise InputError("the category task needs labels of the images, or explicit relevance")
    return tasks


def _rows(queries: Mapping[str, np.ndarray] | None, direction: str, size: int) -> np.ndarray:
    if queries is not None and not (
        isinstance(queries, Mapping) and queries.keys() <= {*DIRECTIONS}
    ):
        found = list(queries) if isinstance(queries, Mapping) else type(queries).__name__
        raise InputError(f"queries: found {found}; expected rows under 'i2t' and 't2i'")
    if queries is None or direction not in queries:
        return np.arange(size)
    try:
        rows = np.asarray(queries[direction])
    except ValueError as error:
        raise InputError(f"queries {direction}: no list of row numbers ({error})") from error
    if rows.ndim != 1 or not len(rows) or rows.dtype.kind not in "iu":
        raise InputError(f"queries {direction}: expected a list of row numbers, at least one")
    if rows.min() < 0 or rows.max() >= size:
        raise InputError(f"queries {direction}: found {rows.min()} to {rows.max()}; "
                         f"expected 0 to {size - 1}")  # fmt: skip
    return rows


def _check_metrics(how: Conventions, tasks: Sequence[str]) -> None:
    for m in map(metric, how.metrics):
        if not {*m.tasks} & {*tasks}:
            raise InputError(f"{m}: a metric of the {m.task} task, which is not evaluated here")


def _check_empty(how, tasks, positives, shared, rows) -> None:
    """Under `empty="error"`: raise for the first query with nothing relevant."""
    for task in tasks if how.empty == "error" else ():
        for direction in DIRECTIONS:
            relevance = positives if task == "instance" else shared
            empty = (
                relevance.empty(direction)
                if isinstance(relevance, Categories)
                else relevance[direction].counts == 0
            )[rows[direction]]
            if empty.any():
                raise InputError(
                    f"{task} {direction}: query {rows[direction][empty.argmax()]} has no relevant "
                    f"candidate ({int(empty.sum())} such); empty='zero' or 'skip' allows them"
                )
