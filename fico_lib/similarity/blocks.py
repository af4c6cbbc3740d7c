"""Scores in blocks of queries: what the evaluation ranks, whatever the model handed over.

A source has `block(direction, rows)`: scores (len(rows), n_candidates) of those queries, float32 or
float64, higher is better, in an array the caller may overwrite. For codes it is the number of
agreeing bits, an integer (`AgreementBlocks`).
"""

import numpy as np

from fico_lib.encodings import Codes, Embeddings, Scores
from fico_lib.errors import InputError, unknown_name
from fico_lib.similarity import MEASURES
from fico_lib.similarity.continuous import centred, distance, unit, working
from fico_lib.similarity.hamming import distances, words


class EmbeddingBlocks:
    """Cosine, inner product or minus the Euclidean distance of embeddings."""

    def __init__(self, encodings: Embeddings, measure: str, device: str = "cpu"):
        self.measure = measure
        for side in ("images", "texts"):
            check_rows(getattr(encodings, side), side, zero_allowed=measure != "cosine")
        sides = _arrays(encodings, device)
        if measure == "euclidean":
            centre = sides["t2i"].mean(0, dtype=_double(device))
            prepared = {name: centred(side, centre) for name, side in sides.items()}
        else:
            prepare = unit if measure == "cosine" else working
            prepared = {name: prepare(side) for name, side in sides.items()}
        # Both sides in one type: of the wider of the two.
        self.type = working(np.empty(0, np.result_type(encodings.images, encodings.texts))).dtype
        self.queries = prepared
        self.candidates = {"i2t": prepared["t2i"], "t2i": prepared["i2t"]}

    def block(self, direction: str, rows: np.ndarray):
        """Scores (len(rows), n_candidates); see the module."""
        queries, candidates = self.queries[direction][rows], self.candidates[direction]
        if self.measure == "euclidean":
            return (-distance(queries, candidates)).astype(self.type, copy=False)
        return queries @ candidates.T


def _double(device: str):
    import torch

    return np.float64 if device == "cpu" else torch.float64


def _arrays(encodings: Embeddings, device: str) -> dict:
    sides = {"i2t": encodings.images, "t2i": encodings.texts}
    if device == "cpu":
        return sides
    import torch

    return {k: torch.from_numpy(working(v)).to(device) for k, v in sides.items()}


def check_rows(array: np.ndarray, name: str, zero_allowed: bool, step: int = 1 << 16) -> None:
    """Raise `InputError` for rows (n, d) with NaN or infinity, or all zero under cosine."""
    for start in range(0, len(array), step):
        part = array[start : start + step]
        bad = ~np.isfinite(part).all(1) if part.dtype.kind == "f" else np.zeros(len(part), bool)
        if bad.any():
            raise InputError(
                f"{name}: row {start + bad.argmax()} holds NaN or infinity; expected numbers"
            )
        if not zero_allowed and (zero := ~part.any(1)).any():
            raise InputError(
                f"{name}: row {start + zero.argmax()} is a zero vector, whose cosine is undefined"
            )


class MatrixBlocks:
    """Scores that the model computed; integers and booleans are taken as numbers."""

    def __init__(self, encodings: Scores):
        self.i2t, self.t2i = encodings.i2t, encodings.t2i
        self.missing = encodings.missing
        n, m = self.i2t.shape
        self.scored = {"i2t": np.full(n, m), "t2i": np.full(m, n)}  # candidates, per query

    def block(self, direction: str, rows: np.ndarray) -> np.ndarray:
        """Scores (len(rows), n_candidates); see the module. Raises `InputError` for NaN."""
        if direction == "i2t":
            block = self.i2t[rows]
        else:
            block = self.i2t[:, rows].T if self.t2i is None else self.t2i[rows]
        block = np.array(working(block), order="C")
        absent = self.absent(block)
        low, high = block.min(), block.max()
        if not (np.isfinite(low) and np.isfinite(high)):
            known = np.isfinite(block) if absent is None else np.isfinite(block) | absent
            if not known.all():
                row, column = np.argwhere(~known)[0]
                raise InputError(
                    f"{direction} scores: query {rows[row]}, candidate {column} is "
                    f"{block[row, column]}; expected a finite number"
                )
            low = block[np.isfinite(block)].min(initial=0)
        if absent is not None:
            self.scored[direction][rows] = (~absent).sum(1)
            block[absent] = low - abs(low) - 1  # below all that was scored
        return block

    def absent(self, block: np.ndarray) -> np.ndarray | None:
        """Which pairs of a block were never scored, or None where all were."""
        if self.missing is None:
            return None
        return np.isnan(block) if np.isnan(self.missing) else block == self.missing


class AgreementBlocks:
    """Agreeing bits of codes: the width of the words minus the Hamming distance."""

    def __init__(self, encodings: Codes):
        images, texts = words(encodings.images), words(encodings.texts)
        self.sides = {"i2t": (~images, texts), "t2i": (~texts, images)}
        self.highest = 64 * len(images)

    def block(self, direction: str, rows: np.ndarray) -> np.ndarray:
        """Agreeing bits (len(rows), n_candidates), uint8 or int32, padding counted as agreeing."""
        queries, candidates = self.sides[direction]
        return distances(queries[:, rows], candidates)


def source(encodings, measure: str | None = None, device: str = "cpu"):
    """The blocks of any encodings; `measure` overrides the model's own."""
    if measure is not None and measure not in MEASURES:
        raise unknown_name("measure", measure, MEASURES)
    if isinstance(encodings, Codes):
        if measure not in (None, "hamming"):
            raise InputError(f"codes are compared by hamming distance, not by {measure}")
        return AgreementBlocks(encodings)
    if isinstance(encodings, Scores):
        if measure is not None:
            raise InputError(f"scores are similarities already: measure '{measure}' has no place")
        return MatrixBlocks(encodings)
    if measure == "hamming":
        raise InputError(
            "embeddings are not codes: Codes.pack(images, texts, ...) makes them codes"
        )
    return EmbeddingBlocks(encodings, measure or encodings.measure, device)
