"""TREC qrels files, as trec_eval and ir_measures read them: a line is `query 0 candidate grade`.

Lines that begin with # are comments. BEIR's files, with a heading and `query candidate grade`, are
read too, and either may be compressed (.gz).
"""

import gzip
from pathlib import Path

import numpy as np
from scipy import sparse

from fico_lib.encodings import Encodings
from fico_lib.runtime.errors import InputError, unknown_name
from fico_lib.runtime.reading import broken, existing


def read_qrels(
    path: Path | str, encodings: Encodings, direction: str, unknown: str = "error"
) -> sparse.csr_matrix:
    """Judgements (n_queries, n_candidates) bool, for `evaluate(..., relevance=...)`.

    Grades above 0 are relevant. Raises `InputError` for ids that are unknown, empty or with a
    blank, which TREC files cannot hold, and for malformed lines.
    unknown: "error", or "skip" to leave out judgements of items that are not among the encodings.
    """
    if unknown not in ("error", "skip"):
        raise unknown_name("treatment of unknown ids", str(unknown), ("error", "skip"))
    path = existing(path, "TREC judgements")
    if not isinstance(encodings, Encodings):
        raise InputError(f"encodings: found {type(encodings).__name__}; expected encodings")
    if direction not in ("i2t", "t2i"):
        raise unknown_name("direction", direction, ("i2t", "t2i"))
    images, captions = _rows(encodings.image_ids), _rows(encodings.caption_ids)
    queries, candidates = (images, captions) if direction == "i2t" else (captions, images)
    grades: dict[tuple[int, int], bool] = {}
    beir = False
    for number, line in enumerate(_lines(path), 1):
        parts = line.split()
        if not parts or parts[0].startswith("#"):
            continue
        if not grades and parts[:2] == ["query-id", "corpus-id"]:
            beir = True
            continue
        if beir:
            parts.insert(1, "0")
        where = f"{path}, line {number}"
        if len(parts) != 4:
            raise InputError(f"{where}: {len(parts) - beir} fields; expected {4 - beir}")
        query, _, candidate, grade = parts
        if query not in queries or candidate not in candidates:
            if unknown == "skip":
                continue
            name = query if query not in queries else candidate
            raise InputError(f"{where}: unknown id '{name}'; is it a row number, or an id?")
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


def _lines(path: Path) -> list[str]:
    """The lines of a text in UTF-8, with or without a byte order mark, compressed or not."""
    with broken(path, "text in UTF-8, perhaps compressed by gzip"):
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        return content.decode("utf-8-sig").splitlines()


def _rows(ids: np.ndarray) -> dict[str, int]:
    for name in ids.tolist():
        if not name or any(character.isspace() for character in name):
            raise InputError(f"id '{name}': empty or with a blank; TREC files cannot hold it")
    return {name: row for row, name in enumerate(ids.tolist())}
