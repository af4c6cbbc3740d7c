"""Scores in blocks of queries: what the evaluation ranks, whatever the model handed over.

A source has `block(direction, rows)`: scores (len(rows), n_candidates) of those queries, float32 or
float64, higher is better, in an array (on the CPU) or tensor (elsewhere) the caller may overwrite;
the next block that the same thread asks for may take its place.
For codes it is the number of agreeing bits, an integer. `bytes_per_score` is what computing one
takes, `scores_at_once` how many are best computed in one block; `threaded` says that threads
compute blocks side by side (one block at a time otherwise, threaded in itself).
"""

import threading

import numpy as np

from fico_lib.encodings import Codes, Embeddings, Scores
from fico_lib.runtime.errors import InputError, unknown_name
from fico_lib.similarity import MEASURES
from fico_lib.similarity.backend import NumpyBackend
from fico_lib.similarity.continuous import centred, distance, unit, working
from fico_lib.similarity.hamming import distances, signs, words

TILE = 1 << 14  # candidates prepared at once where all of them would take too much memory
ROWS = 1 << 12  # rows checked or transposed at once


class Buffer(threading.local):
    """Memory for one block per thread, used again: fresh pages cost as much as a read and more."""

    def __init__(self):
        self.memory = np.empty(0, np.uint8)

    def take(self, shape: tuple[int, int], kind: np.dtype) -> np.ndarray:
        """An array of that shape and type; what the thread took before is overwritten."""
        size = shape[0] * shape[1] * np.dtype(kind).itemsize
        if len(self.memory) < size:
            self.memory = np.empty(size, np.uint8)
        return self.memory[:size].view(kind).reshape(shape)


class EmbeddingBlocks:
    """Cosine, inner product or minus the Euclidean distance of embeddings."""

    def __init__(self, encodings: Embeddings, measure: str, backend, memory: int):
        self.measure, self.backend, self.buffer = measure, backend, Buffer()
        self.sides = {"i2t": encodings.images, "t2i": encodings.texts}
        for name, side in (("images", encodings.images), ("texts", encodings.texts)):
            check_rows(side, name, zero_allowed=measure != "cosine")
        # At the edges of its blocks a product rounds otherwise, so equal candidates need not tie.
        self.repeats = {name: repeated_rows(side) for name, side in self.sides.items()}
        wider = np.result_type(encodings.images, encodings.texts)
        self.type = working(np.empty(0, wider)).dtype
        self.bytes_per_score = self.type.itemsize if measure != "euclidean" else 48
        if measure == "euclidean":
            sums = [encodings.texts[rows].sum(0, dtype=np.float64)
                    for rows in _slices(encodings.n_captions)]  # fmt: skip
            self.centre = backend.put(sum(sums) / encodings.n_captions)
        width = 8 if measure == "euclidean" else self.type.itemsize
        size = width * encodings.images.shape[1] * (encodings.n_images + encodings.n_captions)
        self.resident = size <= memory // 4
        self.threaded = self.resident and not backend.tensors
        self.scores_at_once = 1 << (24 if backend.tensors else 22)  # larger ones are not faster
        if self.resident:
            self.sides = {name: self._prepare(side) for name, side in self.sides.items()}
        else:  # candidates are prepared again for every block: large blocks, few times
            self.scores_at_once = 1 << 28
            self.whole = Buffer()

    def _prepare(self, part: np.ndarray):
        """Rows ready to be multiplied: in the working type, scaled or centred, on the device."""
        if self.measure == "euclidean":
            return centred(self.backend.put(working(part)), self.centre)
        if self.measure == "cosine":
            part = unit(part)
        return self.backend.put(part.astype(self.type, copy=False))

    def _rows(self, side: str, rows):
        part = self.sides[side][rows]
        return part if self.resident else self._prepare(part)

    def _compare(self, queries, candidates):
        if self.measure != "euclidean":
            if self.backend.tensors:
                return queries @ candidates.T
            out = self.buffer.take((len(queries), len(candidates)), self.type)
            with np.errstate(over="ignore", invalid="ignore"):  # found, and named, by the caller
                return np.matmul(queries, candidates.T, out=out)
        scores = distance(queries, candidates)
        scores *= -1
        if self.backend.tensors:
            return scores.float() if self.type == np.float32 else scores
        return scores.astype(self.type, copy=False)

    def block(self, direction: str, rows: np.ndarray):
        """Scores (len(rows), n_candidates); see the module."""
        queries, other = self._rows(direction, rows), "t2i" if direction == "i2t" else "i2t"
        if self.resident:
            scores = self._compare(queries, self.sides[other])
        else:
            scores = None
            for columns in _slices(len(self.sides[other]), TILE):
                part = self._compare(queries, self._rows(other, columns))
                if scores is None:
                    shape = (len(rows), len(self.sides[other]))
                    scores = (
                        part.new_empty(shape)
                        if self.backend.tensors
                        else self.whole.take(shape, part.dtype)
                    )
                scores[:, columns] = part
        repeats, firsts = self.repeats[other]
        if len(repeats):
            scores[:, repeats] = scores[:, firsts]
        if self.measure != "cosine":
            check_finite(scores, direction, rows)
        return scores


def _slices(count: int, step: int = ROWS) -> list[slice]:
    return [slice(a, a + step) for a in range(0, count, step)]


def repeated_rows(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows (n, d) that equal an earlier one, and the first that each equals: two (m,) int64.

    Found by a sum of each row's bits, weighted at random; what such sums find is then compared.

    >>> repeated_rows(np.array([[1.0, 2], [0, 1], [1, 2], [1, 2]]))
    (array([2, 3]), array([0, 0]))
    """
    keys = np.empty(len(array), np.uint64)
    # Units of at most 32 bits: the leading ones of a round number must not shift out the weight.
    width = min(4, array.itemsize)
    units = array.shape[1] * array.itemsize // width
    weights = np.random.default_rng(0).integers(0, 1 << 64, units, np.uint64) | np.uint64(1)
    for rows in _slices(len(array)):
        part = np.ascontiguousarray(array[rows])
        part = part + part.dtype.type(0) if part.dtype.kind == "f" else part  # -0 is 0
        with np.errstate(over="ignore"):
            keys[rows] = (part.view(f"u{width}") * weights).sum(1, dtype=np.uint64)
    order = np.argsort(keys, kind="stable")
    follows = np.flatnonzero(keys[order][1:] == keys[order][:-1]) + 1
    if not len(follows):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    first = np.arange(len(order))
    first[follows] = 0
    first = np.maximum.accumulate(first)  # place of the first with the same key
    repeats, firsts = order[follows], order[first[follows]]
    equal = np.concatenate([
        (np.asarray(array[repeats[rows]]) == np.asarray(array[firsts[rows]])).all(1)
        for rows in _slices(len(repeats))
    ])  # fmt: skip
    if not equal.all():  # different rows share a key, which hardly ever happens
        _, first, inverse = np.unique(array, axis=0, return_index=True, return_inverse=True)
        firsts = first[inverse.reshape(-1)]
        repeats = np.flatnonzero(firsts != np.arange(len(array)))
        return repeats, firsts[repeats]
    back = np.argsort(repeats)
    return repeats[back], firsts[back]


def check_rows(array: np.ndarray, name: str, zero_allowed: bool) -> None:
    """Raise `InputError` for rows (n, d) with NaN or infinity, or all zero under cosine."""
    for rows in _slices(len(array)):
        part = array[rows]
        if part.dtype.kind == "f" and not (finite := np.isfinite(part).all(1)).all():
            raise InputError(
                f"{name}: row {rows.start + finite.argmin()} holds NaN or infinity; "
                "expected finite numbers"
            )
        if not zero_allowed and (zero := ~part.any(1)).any():
            raise InputError(
                f"{name}: row {rows.start + zero.argmax()} is a zero vector, whose cosine is "
                "undefined"
            )


def check_finite(scores, direction: str, rows: np.ndarray) -> None:
    """Raise `InputError` for scores with NaN or infinity, naming the first."""
    low, high = float(scores.min()), float(scores.max())
    if np.isfinite(low) and np.isfinite(high):
        return
    scores = scores if isinstance(scores, np.ndarray) else scores.cpu().numpy()
    row, column = np.argwhere(~np.isfinite(scores))[0]
    raise InputError(
        f"{direction} scores: query {rows[row]}, candidate {column} is {scores[row, column]}; "
        "expected a finite number"
    )


class MatrixBlocks:
    """Scores that the model computed; integers and booleans are taken as numbers."""

    threaded = True
    scores_at_once = 1 << 21  # transposing reads long pieces of rows

    def __init__(self, encodings: Scores, backend):
        self.i2t, self.t2i, self.missing = encodings.i2t, encodings.t2i, encodings.missing
        self.backend = backend
        n, m = self.i2t.shape
        self.scored = {"i2t": np.full(n, m), "t2i": np.full(m, n)}  # candidates, per query
        self.bytes_per_score = 2 * working(np.empty(0, self.i2t.dtype)).dtype.itemsize

    def block(self, direction: str, rows: np.ndarray):
        """Scores (len(rows), n_candidates); see the module. Raises `InputError` for NaN."""
        if direction == "i2t":
            block = _take(self.i2t, rows)
        else:
            block = _transposed(self.i2t, rows) if self.t2i is None else _take(self.t2i, rows)
        if self.missing is None:
            check_finite(block, direction, rows)
        else:
            block = self._fill_missing(block, self.missing, direction, rows)
        return self.backend.put(block)

    def _fill_missing(
        self, block: np.ndarray, missing: float, direction: str, rows: np.ndarray
    ) -> np.ndarray:
        """Put what was never scored below all that was, and note how much was."""
        stored = self.i2t if direction == "i2t" or self.t2i is None else self.t2i
        absent = np.isnan(block) if np.isnan(missing) else block == as_stored(missing, stored.dtype)
        if not absent.any():
            self._check_rounded(block, missing, stored.dtype)
        self.scored[direction][rows] = (~absent).sum(1)
        block[absent] = 0
        check_finite(block, direction, rows)
        low = block.min(where=~absent, initial=0)
        block[absent] = low - abs(low) - 1
        return block

    def _check_rounded(self, block: np.ndarray, missing: float, kind: np.dtype) -> None:
        """Raise `InputError` where `missing` occurs as an earlier, narrower type rounded it."""
        for narrow, value in rounded(missing).items():
            if value != as_stored(missing, kind) and (block == value).any():
                raise InputError(
                    f"missing: no score is {missing}, but some are {value:.10g}, which is what "
                    f"{narrow} makes of it; give missing={value:.10g}"
                )


def as_stored(missing: float, kind: np.dtype) -> float:
    """`missing` as an array of that type holds it: -9999 is -10000 in float16.

    >>> as_stored(-9999, np.dtype(np.float16))
    -10000.0
    """
    if kind.kind != "f":
        return missing
    with np.errstate(over="ignore"):
        return float(kind.type(missing))


def rounded(missing: float) -> dict[str, float]:
    """`missing` in the types that scores may have had before they were stored in a wider one."""
    if not np.isfinite(missing):
        return {}
    with np.errstate(over="ignore"):
        bits = int(np.float32(missing).view(np.uint32))  # bfloat16: the upper half, rounded to even
        upper = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
        values = {
            "float16": float(np.float16(missing)),
            "bfloat16": float(np.uint32(upper).view(np.float32)),
            "float32": float(np.float32(missing)),
        }
    return {name: value for name, value in values.items() if np.isfinite(value)}


def _take(matrix: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """A copy of some rows, in the working type."""
    neighbours = rows[-1] - rows[0] == len(rows) - 1 and (np.diff(rows) == 1).all()
    # A slice is several times faster than a list of rows.
    part = matrix[rows[0] : rows[-1] + 1] if neighbours else matrix[rows]
    return np.array(part, working(part[:0]).dtype)


def _transposed(matrix: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Some columns of a matrix as rows, in the working type, copied in pieces that fit a cache."""
    out = np.empty((len(columns), len(matrix)), working(matrix[:0]).dtype)
    whole = columns[-1] - columns[0] == len(columns) - 1 and (np.diff(columns) == 1).all()
    for rows in _slices(len(matrix), 64):
        part = matrix[rows]
        part = part[:, columns[0] : columns[-1] + 1] if whole else part[:, columns]
        out[:, rows] = part.T
    return out


class AgreementBlocks:
    """Agreeing bits of codes: a constant minus the Hamming distance.

    On the CPU from packed words; elsewhere as a matrix product of ±1, exact in float32.
    """

    bytes_per_score = 24
    threaded = True
    scores_at_once = 1 << 17  # what stays in a thread's cache, at eight bytes each

    def __init__(self, encodings: Codes, backend):
        self.backend = backend
        if backend.tensors:
            images, texts = (
                backend.put(signs(side, encodings.bits))
                for side in (encodings.images, encodings.texts)
            )
            self.sides = {"i2t": (images, texts), "t2i": (texts, images)}
            self.highest = encodings.bits
        else:
            images, texts = words(encodings.images), words(encodings.texts)
            self.sides = {"i2t": (~images, texts), "t2i": (~texts, images)}
            self.highest = 64 * len(images)

    def block(self, direction: str, rows: np.ndarray):
        """Agreeing bits (len(rows), n_candidates), an integer type, padding counted as agreeing."""
        queries, candidates = self.sides[direction]
        if self.backend.tensors:
            return ((queries[rows] @ candidates.T + self.highest) / 2).int()
        return distances(queries[:, rows], candidates)


def source(encodings, measure: str | None = None, backend=None, memory: int = 1 << 31):
    """The blocks of any encodings; `measure` overrides the model's own."""
    if measure is not None and not (isinstance(measure, str) and measure in MEASURES):
        raise unknown_name("measure", measure, MEASURES)
    backend = backend or NumpyBackend()
    if hasattr(encodings, "blocks"):  # compressed embeddings know how they are compared
        if measure is not None:
            raise InputError(f"compressed embeddings: measure '{measure}' has no place here")
        return encodings.blocks(backend)
    if isinstance(encodings, Codes):
        if measure not in (None, "hamming"):
            raise InputError(f"codes are compared by hamming distance, not by {measure}")
        return AgreementBlocks(encodings, backend)
    if isinstance(encodings, Scores):
        if measure is not None:
            raise InputError(f"scores are similarities already: measure '{measure}' has no place")
        return MatrixBlocks(encodings, backend)
    if measure == "hamming":
        raise InputError(
            "embeddings are not codes: Codes.pack(images, texts, ...) makes them codes"
        )
    return EmbeddingBlocks(encodings, measure or encodings.measure, backend, memory)
