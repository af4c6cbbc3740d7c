"""Ground truth of vector search, read and checked: who believes a file measures the file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fico_lib.formats.arrays import read_array
from fico_lib.formats.tables import read_hdf5
from fico_lib.formats.vectors import distances_of
from fico_lib.runtime.arrays import as_numpy
from fico_lib.runtime.errors import InputError, unknown_name
from fico_lib.runtime.reading import as_path

MEASURES = ("cosine", "euclidean", "inner_product")
SAMPLE = 100  # queries whose neighbours are computed again
BLOCK = 1 << 15  # vectors compared at once


@dataclass(frozen=True)
class Truth:
    """ids: (n_queries, k) integers, nearest first; distances: of the same shape, or None."""

    ids: np.ndarray
    distances: np.ndarray | None


def read_truth(path: Path | str) -> Truth:
    """The neighbours in an .ivecs, .ibin or ann-benchmarks .hdf5 file, or in any other array."""
    path = as_path(path)
    suffix = path.suffix.lower()
    if suffix in (".hdf5", ".h5"):
        try:
            distances = read_hdf5(path, "distances")
        except InputError:
            distances = None  # some sets have the neighbours alone
        return Truth(read_hdf5(path, "neighbors"), distances)
    ids = read_array(path)
    return Truth(ids, distances_of(path) if suffix == ".ibin" else None)


def check_truth(
    truth: Truth, gallery: np.ndarray, queries: np.ndarray, measure: str, where: str = "truth"
) -> None:
    """Raise `InputError` unless `truth` is right, as far as a look at 100 queries can tell.

    gallery: (n, d), queries: (n_queries, d) of any real type, read in blocks; measure: cosine,
    euclidean or inner_product. Ids must be rows of the gallery, each once per query; distances must
    be sorted; of spread queries, the neighbours computed again must be as near as those listed,
    whichever of equally near ones are listed.
    """
    if not isinstance(truth, Truth):
        raise InputError(f"truth: found {type(truth).__name__}; expected a Truth")
    if not isinstance(measure, str) or measure not in MEASURES:
        raise unknown_name("measure", measure, MEASURES)
    gallery, queries = as_numpy(gallery, "gallery"), as_numpy(queries, "queries")
    if gallery.ndim != 2 or queries.ndim != 2 or gallery.shape[1] != queries.shape[1]:
        raise InputError(
            f"{where}: found vectors {gallery.shape} and queries {queries.shape}; expected (n, d) "
            "and (n_queries, d)"
        )
    ids = as_numpy(truth.ids, where)
    distances = None if truth.distances is None else as_numpy(truth.distances, where)
    if ids.ndim != 2 or not ids.size or ids.dtype.kind not in "iu":
        raise InputError(f"{where}: {ids.dtype} of shape {ids.shape}; "
                         "expected row numbers, (n_queries, k)")  # fmt: skip
    n, k = len(gallery), ids.shape[1]
    if len(ids) != len(queries):
        raise InputError(f"{where}: {len(ids)} rows; expected one for each of {len(queries)} "
                         "queries")  # fmt: skip
    if ids.min() < 0 or ids.max() >= n:
        row, column = np.argwhere((ids < 0) | (ids >= n))[0]
        raise InputError(f"{where}: query {row} lists vector {ids[row, column]}; "
                         f"expected 0 to {n - 1}")  # fmt: skip
    ordered = np.sort(ids, axis=1)
    if (twice := (ordered[:, 1:] == ordered[:, :-1]).any(1)).any():
        raise InputError(f"{where}: query {twice.argmax()} lists a vector twice")
    if distances is not None:
        _check_sorted(distances, ids.shape, where)
    rows = np.unique(np.linspace(0, len(queries) - 1, SAMPLE).astype(np.int64))
    asked = np.asarray(queries[rows], np.float64)
    if not np.isfinite(asked).all():
        raise InputError(f"{where}: the queries hold NaN or infinity; expected numbers")
    best = _best(asked, gallery, measure, k)
    for place, row in enumerate(rows):
        order = np.argsort(ids[row])
        listed = np.empty(k)  # rows of a mapped file are read in its order
        near = np.asarray(gallery[ids[row][order]], np.float64)
        listed[order] = _nearness(asked[place : place + 1], near, measure)[0]
        slack = 1e-5 * max(1.0, np.abs(best[place]).max())
        if (wrong := np.sort(listed)[::-1] < best[place] - slack).any():
            raise InputError(
                f"{where}: neighbour {wrong.argmax() + 1} of query {row} is farther ({measure}) "
                "than the one found here; is it of other vectors, or of another measure?"
            )


def _check_sorted(distances: np.ndarray, shape: tuple[int, ...], where: str) -> None:
    if distances.shape != shape:
        raise InputError(f"{where}: distances of shape {distances.shape}; expected {shape}")
    if not np.isfinite(distances).all():
        raise InputError(f"{where}: distances hold NaN or infinity; expected numbers")
    steps = np.diff(distances.astype(np.float64), axis=1)
    if (steps < 0).any() and (steps > 0).any():  # similarities fall, distances rise
        falls = (steps < 0).sum() < (steps > 0).sum()
        row = int(((steps < 0) if falls else (steps > 0)).any(1).argmax())
        raise InputError(f"{where}: the distances of query {row} are not sorted")


def _best(asked: np.ndarray, gallery: np.ndarray, measure: str, k: int) -> np.ndarray:
    """The k largest values of nearness (queries, k), largest first, over all of the gallery."""
    best = np.empty((len(asked), 0))
    for start in range(0, len(gallery), BLOCK):
        block = np.asarray(gallery[start : start + BLOCK], np.float64)
        if not np.isfinite(block).all():
            raise InputError("vectors: found NaN or infinity; expected numbers")
        part = _nearness(asked, block, measure)
        best = np.concatenate([best, part], 1)
        if best.shape[1] > k:
            best = -np.partition(-best, k - 1, axis=1)[:, :k]
    return -np.sort(-best, axis=1)


def _nearness(asked: np.ndarray, vectors: np.ndarray, measure: str) -> np.ndarray:
    """Higher is nearer: the product, the cosine, or minus the Euclidean distance."""
    if measure == "cosine":
        lengths = [np.linalg.norm(side, axis=1, keepdims=True) for side in (asked, vectors)]
        asked, vectors = (s / np.maximum(n, 1e-30)
                          for s, n in zip((asked, vectors), lengths, strict=True))  # fmt: skip
    products = asked @ vectors.T
    if measure != "euclidean":
        return products
    norms = (asked**2).sum(1)[:, None] + (vectors**2).sum(1)
    return -np.sqrt(np.maximum(norms - 2 * products, 0))
