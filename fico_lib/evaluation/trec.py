"""TREC run and qrels files: our rankings and judgements for trec_eval and ir_measures, and back.

A run line is `query Q0 document rank score tag`, a qrels line `query 0 document relevance`.
trec_eval ignores the rank, reads scores as float32 and breaks ties by document name, so that its
numbers may differ from ours where scores tie.
"""

from pathlib import Path

import numpy as np
from scipy import sparse

from fico_lib.encodings import Embeddings, Encodings, Scores
from fico_lib.evaluation.relevance import DIRECTIONS, Categories, instance_positives
from fico_lib.runtime.errors import InputError, unknown_name
from fico_lib.runtime.files import write_whole
from fico_lib.similarity.blocks import source

ROWS = 256  # queries written at once


def write_run(
    path: Path | str, encodings: Encodings, direction: str, *, depth: int = 1000,
    measure: str | None = None,
) -> None:  # fmt: skip
    """Write the best `depth` candidates of every query, ties by index; scores read back exactly."""
    queries, documents = _names(encodings, direction)
    blocks, tag = source(encodings, measure), encodings.model or "fico"
    if any(character.isspace() for character in tag):
        tag = "_".join(tag.split())
    depth = min(depth, len(documents))
    with write_whole(path) as part, open(part, "w") as file:
        for start in range(0, len(queries), ROWS):
            rows = np.arange(start, min(start + ROWS, len(queries)))
            scores = blocks.block(direction, rows)
            for row, order in zip(rows, _best(scores, depth), strict=True):
                values = scores[row - start, order].tolist()
                file.writelines(
                    f"{queries[row]} Q0 {documents[o]} {rank} {value!r} {tag}\n"
                    for rank, (o, value) in enumerate(zip(order, values, strict=True), 1)
                )


def _best(scores: np.ndarray, depth: int) -> np.ndarray:
    """Columns (b, depth) of the best scores, best first, ties by index."""
    descending = -scores.astype(np.float64)
    return np.argsort(descending, axis=1, kind="stable")[:, :depth]


def write_qrels(
    path: Path | str, encodings: Encodings, direction: str, labels: object = None
) -> None:
    """Write what is relevant: an image's captions and a caption's image or, with labels, whatever
    shares one of them (`fico_lib.evaluation.relevance`)."""
    queries, documents = _names(encodings, direction)
    of, n = encodings.image_of_caption, encodings.n_images
    categories = None if labels is None else Categories(labels, of, n)
    positives = instance_positives(of, n)[direction]
    with write_whole(path) as part, open(part, "w") as file:
        for start in range(0, len(queries), ROWS):
            rows = np.arange(start, min(start + ROWS, len(queries)))
            block = (
                positives.block(rows, len(documents))
                if categories is None
                else categories.block(direction, rows)
            )
            file.writelines(
                f"{queries[rows[q]]} 0 {documents[d]} 1\n" for q, d in np.argwhere(block)
            )


def read_qrels(path: Path | str, encodings: Encodings, direction: str) -> sparse.csr_matrix:
    """Judgements (n_queries, n_candidates) bool, for `evaluate(..., relevance=...)`.

    Grades above 0 are relevant. Raises `InputError` for unknown ids and malformed lines.
    """
    rows, columns, grades = _read(path, encodings, direction, fields=4, value=3)
    shape = tuple(len(names) for names in _names(encodings, direction))
    kept = grades > 0
    data = np.ones(int(kept.sum()), bool)
    return sparse.csr_matrix((data, (rows[kept], columns[kept])), shape=shape)


def read_run(i2t: Path | str, t2i: Path | str, encodings: Encodings, model: str = "") -> Scores:
    """Scores from one run per direction; what a run does not list was not scored.

    `encodings` gives the ids and the map of captions to images (`unscored` makes such a frame).
    """
    matrices = []
    for direction, path in zip(DIRECTIONS, (i2t, t2i), strict=True):
        rows, columns, values = _read(path, encodings, direction, fields=6, value=4)
        shape = tuple(len(names) for names in _names(encodings, direction))
        matrix = np.full(shape, -np.inf)
        matrix[rows, columns] = values
        matrices.append(matrix)
    complete = all(np.isfinite(matrix).all() for matrix in matrices)
    return Scores(
        *matrices, encodings.image_of_caption, encodings.image_ids, encodings.caption_ids, model,
        missing=None if complete else -np.inf,
    )  # fmt: skip


def unscored(image_of_caption: np.ndarray, image_ids=None, caption_ids=None) -> Embeddings:
    """A frame of ids and map without content, for `read_run` and `read_qrels`."""
    of = np.asarray(image_of_caption)
    images, texts = np.zeros((int(of.max(initial=-1)) + 1, 1)), np.zeros((len(of), 1))
    return Embeddings(images, texts, of, image_ids, caption_ids)


def _names(encodings: Encodings, direction: str) -> tuple[list[str], list[str]]:
    """Ids of the queries and of the candidates; TREC files have no place for blanks in them."""
    if direction not in DIRECTIONS:
        raise unknown_name("direction", direction, DIRECTIONS)
    images, captions = encodings.image_ids.tolist(), encodings.caption_ids.tolist()
    for name in (*images, *captions):
        if not name or any(character.isspace() for character in name):
            raise InputError(f"id '{name}': empty or with a blank; TREC files cannot hold it")
    return (images, captions) if direction == "i2t" else (captions, images)


def _read(path, encodings, direction, fields, value) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, columns and values of a file of `fields` columns."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    queries, documents = (
        {name: i for i, name in enumerate(names)} for names in _names(encodings, direction)
    )
    rows, columns, values, seen = [], [], [], set()
    with open(path) as file:
        for number, line in enumerate(file, 1):
            parts = line.split()
            if not parts:
                continue
            where = f"{path}, line {number}"
            if len(parts) != fields:
                raise InputError(f"{where}: {len(parts)} fields; expected {fields}")
            if parts[0] not in queries or parts[2] not in documents:
                unknown = parts[0] if parts[0] not in queries else parts[2]
                raise InputError(f"{where}: unknown id '{unknown}'")
            pair = queries[parts[0]], documents[parts[2]]
            if pair in seen:
                raise InputError(f"{where}: '{parts[0]}' and '{parts[2]}' are listed twice")
            try:
                number_read = float(parts[value])
            except ValueError:
                number_read = float("nan")
            if not np.isfinite(number_read):
                raise InputError(f"{where}: '{parts[value]}' is not a finite number")
            seen.add(pair)
            rows.append(pair[0])
            columns.append(pair[1])
            values.append(number_read)
    return np.array(rows, np.int64), np.array(columns, np.int64), np.array(values, float)
