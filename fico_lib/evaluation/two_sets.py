"""Queries and a database with items and labels of their own, as hashing papers evaluate."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy import sparse

from fico_lib.encodings import pack_bits
from fico_lib.encodings.checks import checked_matrix
from fico_lib.evaluation.relevance import Categories, label_masks, label_matrix
from fico_lib.evaluation.result import EvaluationResult
from fico_lib.evaluation.stream import resources, stream
from fico_lib.metrics.conventions import Conventions
from fico_lib.runtime.arrays import as_numpy
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.registry import lookup
from fico_lib.similarity import MEASURES
from fico_lib.similarity.blocks import AgreementBlocks, EmbeddingBlocks

FROM, TO = "i2t", "q2d"  # the engine's direction for queries against candidates, and its name here


def evaluate_two_sets(
    queries: object,
    database: object,
    query_labels: object,
    database_labels: object,
    *,
    bits: int | None = None,
    measure: str = "cosine",
    device: str = "auto",
    memory: int | str = "2GB",
    threads: int | None = None,
    per_query: bool = False,
    **conventions: Any,
) -> EvaluationResult:
    """The category task of queries (n, d) against a database (m, d): a direction, `q2d`.

    A database item is relevant to a query if it shares a label. The arrays are embeddings, compared
    by `measure`, or, where `measure` is hamming or `bits` is given, codes as `Codes.pack` takes
    them. Labels are as in `fico_lib.evaluation.relevance.label_matrix`, both in the same form:
    class numbers, columns and list entries mean the same category in both. conventions: those of
    `fico_lib.metrics.conventions.Conventions`. Intervals draw queries, each on its own.

    Raises `InputError` for wrong input, before the long work starts.
    """
    how = _conventions(conventions)
    lookup("measure", MEASURES, measure)
    relevance = _SharedLabels(query_labels, database_labels)
    codes = bits is not None or measure == "hamming"
    pair = _codes(queries, database, bits) if codes else _embeddings(queries, database)
    for name, found, labels in (
        ("queries", pair.n_images, relevance.queries),
        ("database", pair.n_captions, relevance.database),
    ):
        if found != len(labels):
            raise InputError(f"{name}: {found} items and {len(labels)} rows of labels")
    if how.empty == "error" and relevance.nothing.any():
        raise InputError(
            f"query {relevance.nothing.argmax()} has no relevant item in the database "
            f"({int(relevance.nothing.sum())} such); empty='zero' or 'skip' allows them"
        )
    given = resources(memory, threads, device)
    blocks: Any = (
        AgreementBlocks(pair, given.backend)
        if codes
        else EmbeddingBlocks(pair, measure, given.backend, given.memory)
    )
    from fico_lib.evaluation.category import CategoryCollector  # numba, which importing does not

    rows = np.arange(pair.n_images)
    collector = CategoryCollector(
        relevance, FROM, rows, pair.n_captions, how, given.backend,
        blocks.highest if codes else None, None, pair.bits if codes else None,
    )  # fmt: skip
    stream(blocks, FROM, rows, [collector], given)
    about = {"measure": "hamming" if codes else measure, "relevance": "shared labels"}
    return EvaluationResult(None, {TO: collector.result(rows, None)}, how, about, per_query)


def _conventions(given: dict[str, Any]) -> Conventions:
    known = Conventions.__dataclass_fields__
    if unknown := given.keys() - known.keys():
        raise TypeError(f"unknown argument '{min(unknown)}'; expected one of {', '.join(known)}")
    how = Conventions(**given)
    for m in how.of("instance"):
        if how.metrics and "category" not in m.tasks:
            raise InputError(f"{m}: a metric of the instance task, which two sets do not have")
    return how


def _embeddings(queries: object, database: object) -> Any:
    """What the blocks of scores read of embeddings."""
    x, y = checked_matrix(queries, "queries"), checked_matrix(database, "database")
    _check(x, y, x.shape[1], y.shape[1], "dimensions")
    return SimpleNamespace(images=x, texts=y, n_images=len(x), n_captions=len(y))


def _codes(queries: object, database: object, bits: int | None) -> Any:
    """What the blocks of scores read of codes."""
    x, y = checked_matrix(queries, "queries"), checked_matrix(database, "database")
    (x, query_bits), (y, database_bits) = (
        pack_bits(side, bits, name) for side, name in ((x, "queries"), (y, "database"))
    )
    _check(x, y, query_bits, database_bits, "bits")
    return SimpleNamespace(images=x, texts=y, bits=query_bits, n_images=len(x), n_captions=len(y))


def _check(x: np.ndarray, y: np.ndarray, left: int, right: int, unit: str) -> None:
    if left != right or not left:
        raise InputError(
            f"queries have {left} {unit}, the database {right}; expected the same, at least one"
        )
    if not len(x) or not len(y):
        raise InputError(f"found {len(x)} queries and {len(y)} database items; expected some")


class _SharedLabels(Categories):
    """Relevance of two sets: shares at least one label."""

    def __init__(self, query_labels: object, database_labels: object):
        joined, n = _joined(query_labels, database_labels)
        labels = label_matrix(joined, len(joined))
        self.queries, self.database = labels[:n], labels[n:]
        self.masks = {FROM: (label_masks(self.queries), label_masks(self.database))}
        self.nothing = ~self.queries[:, self.database.any(0)].any(1)
        self._on_device = None

    def tensor_block(self, direction: str, rows: np.ndarray, backend):
        """As `block`, computed as a product of labels where `backend` keeps its tensors."""
        if self._on_device is None:
            sides = (side.astype(np.float32) for side in (self.queries, self.database))
            self._on_device = tuple(backend.put(side) for side in sides)
        queries, database = self._on_device
        return (queries[backend.put(rows)] @ database.T) > 0


def _joined(query_labels: Any, database_labels: Any) -> tuple[Sequence | np.ndarray, int]:
    """The labels of both sets, one after the other, and how many are of queries."""
    pair = query_labels, database_labels
    if all(isinstance(labels, (list, tuple)) for labels in pair):
        return [*query_labels, *database_labels], len(query_labels)
    arrays = [
        labels.toarray() if sparse.issparse(labels) else as_numpy(labels, name)
        for labels, name in zip(pair, ("query_labels", "database_labels"), strict=True)
    ]
    shapes = [array.shape for array in arrays]
    if not shapes[0] or not shapes[1] or shapes[0][1:] != shapes[1][1:]:
        raise InputError(
            f"labels: found shapes {shapes[0]} and {shapes[1]} of queries and database; expected "
            "the same categories in both"
        )
    return np.concatenate(arrays), len(arrays[0])
