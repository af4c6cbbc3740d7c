"""TREC qrels files, as trec_eval and ir_measures read them: a line is `query 0 candidate grade`."""

from pathlib import Path

import numpy as np
from scipy import sparse

from fico_lib.encodings import Encodings
from fico_lib.runtime.errors import InputError


def read_qrels(path: Path | str, encodings: Encodings, direction: str) -> sparse.csr_matrix:
    """Judgements (n_queries, n_candidates) bool, for `evaluate(..., relevance=...)`.

    Grades above 0 are relevant. Raises `InputError` for ids that are unknown, empty or with a
    blank, which TREC files cannot hold, and for malformed lines.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    images, captions = _rows(encodings.image_ids), _rows(encodings.caption_ids)
    queries, candidates = (images, captions) if direction == "i2t" else (captions, images)
    grades: dict[tuple[int, int], bool] = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        parts = line.split()
        if not parts:
            continue
        where = f"{path}, line {number}"
        if len(parts) != 4:
            raise InputError(f"{where}: {len(parts)} fields; expected 4")
        query, _, candidate, grade = parts
        if query not in queries or candidate not in candidates:
            unknown = query if query not in queries else candidate
            raise InputError(f"{where}: unknown id '{unknown}'")
        pair = queries[query], candidates[candidate]
        if pair in grades:
            raise InputError(f"{where}: '{query}' and '{candidate}' are listed twice")
        try:
            value = float(grade)
        except ValueError:
            value = float("nan")
        if not np.isfinite(value):
            raise InputError(f"{where}: '{grade}' is not a finite number")
        grades[pair] = value > 0
    rows, columns = np.array([pair for pair, kept in grades.items() if kept], int).reshape(-1, 2).T
    shape = len(queries), len(candidates)
    return sparse.csr_matrix((np.ones(len(rows), bool), (rows, columns)), shape=shape)


def _rows(ids: np.ndarray) -> dict[str, int]:
    for name in ids.tolist():
        if not name or any(character.isspace() for character in name):
            raise InputError(f"id '{name}': empty or with a blank; TREC files cannot hold it")
    return {name: row for row, name in enumerate(ids.tolist())}
