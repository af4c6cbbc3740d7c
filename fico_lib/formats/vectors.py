"""Formats of benchmarks of vector search, memory-mapped.

fvecs, bvecs, ivecs (of the TEXMEX corpora): each row is its dimension, int32, and then its values.
fbin, u8bin, i8bin, ibin (of big-ann-benchmarks): the number of rows and the dimension, both uint32,
and then all values; an ibin of ground truth has the distances, float32, behind the ids. All are
little-endian.
"""

from pathlib import Path

import numpy as np

from fico_lib.runtime.errors import InputError
from fico_lib.runtime.reading import existing

VECS = {".fvecs": "<f4", ".bvecs": "u1", ".ivecs": "<i4"}
BIN = {".fbin": "<f4", ".u8bin": "u1", ".i8bin": "i1", ".ibin": "<i4"}
CHECKED = 4096  # dimensions of rows that are compared, spread over a file; all in a smaller one
WIDEST = 1 << 20  # dimensions: more are a sign of another format


def read_vecs(path: Path) -> np.ndarray:
    """The rows (n, d) of a .fvecs, .bvecs or .ivecs file, a view of the mapped file.

    Raises `InputError`, with the arithmetic, where the size is no multiple of a row's, and where
    rows disagree on their dimension.
    """
    kind = np.dtype(VECS[path.suffix.lower()])
    existing(path, f"a {path.suffix} file")
    size = path.stat().st_size
    if size < 4:
        raise InputError(f"{path}: {size} bytes; expected at least the 4 of a row's dimension")
    dimension = int(np.fromfile(path, "<i4", 1)[0])
    _check_dimension(path, dimension)
    row = 4 + dimension * kind.itemsize
    if size % row:
        raise InputError(
            f"{path}: {size} bytes are {size // row} rows of 4 + {dimension} × {kind.itemsize} = "
            f"{row} bytes and {size % row} more; expected whole rows"
        )
    rows = np.memmap(path, "u1", "r", shape=(size // row, row))
    spread = np.unique(np.linspace(0, len(rows) - 1, CHECKED).astype(np.int64))
    found = np.ascontiguousarray(rows[spread, :4]).view("<i4")[:, 0]
    if (found != dimension).any():
        wrong = int((found != dimension).argmax())
        raise InputError(
            f"{path}: row {spread[wrong]} has {found[wrong]} dimensions, row 0 has {dimension}; "
            "expected the same in all"
        )
    return np.ndarray((len(rows), dimension), kind, rows, 4, (row, kind.itemsize))


def read_bin(path: Path) -> np.ndarray:
    """The values (n, d) of a .fbin, .u8bin, .i8bin or .ibin file, mapped: of a truth the ids.

    Raises `InputError`, with the arithmetic, where the size is not what the header says.
    """
    kind = np.dtype(BIN[path.suffix.lower()])
    n, dimension, size = _header(path)
    expected = 8 + n * dimension * kind.itemsize
    both = expected + 4 * n * dimension if path.suffix.lower() == ".ibin" else expected
    if size not in (expected, both):
        raise InputError(
            f"{path}: {size} bytes; expected 8 + {n} × {dimension} × {kind.itemsize} = {expected}"
            + (f", or {both} with distances" if both != expected else "")
        )
    return np.memmap(path, kind, "r", 8, (n, dimension))


def distances_of(path: Path) -> np.ndarray | None:
    """The distances (n, k) float32 behind the ids of an .ibin file; None where there are none."""
    n, k, size = _header(path)
    if size != 8 + 8 * n * k:
        return None
    return np.memmap(path, "<f4", "r", 8 + 4 * n * k, (n, k))


def _header(path: Path) -> tuple[int, int, int]:
    size = existing(path, f"a {path.suffix} file").stat().st_size
    if size < 8:
        raise InputError(f"{path}: {size} bytes; expected at least the 8 of the header")
    n, dimension = (int(value) for value in np.fromfile(path, "<u4", 2))
    _check_dimension(path, dimension)
    if n < 1:
        raise InputError(f"{path}: its header says {n} rows; expected at least 1")
    return n, dimension, size


def _check_dimension(path: Path, dimension: int) -> None:
    if not 1 <= dimension <= WIDEST:
        raise InputError(
            f"{path}: its first numbers say {dimension} dimensions; expected 1 to {WIDEST} "
            f"(is it a {path.suffix} file?)"
        )


def write_vecs(part: Path, array: np.ndarray, suffix: str) -> None:
    """The rows of `array` as a .fvecs, .bvecs or .ivecs file."""
    kind = np.dtype(VECS[suffix])
    row = np.dtype([("dimension", "<i4"), ("values", kind, (array.shape[1],))])
    with open(part, "wb") as file:
        for start in range(0, len(array), 1 << 14):
            block = np.empty(len(array[start : start + (1 << 14)]), row)
            block["dimension"] = array.shape[1]
            block["values"] = array[start : start + (1 << 14)]
            block.tofile(file)


def write_bin(part: Path, array: np.ndarray, suffix: str) -> None:
    """The rows of `array` as a .fbin, .u8bin, .i8bin or .ibin file."""
    with open(part, "wb") as file:
        np.array(array.shape, "<u4").tofile(file)
        for start in range(0, len(array), 1 << 14):
            np.ascontiguousarray(array[start : start + (1 << 14)], BIN[suffix]).tofile(file)
