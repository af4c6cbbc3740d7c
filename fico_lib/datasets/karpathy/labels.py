"""Reads category labels from a CSV, NPZ or MATLAB file, and lines them up with the images.

A file that names its rows (by filename, imgid or cocoid) must have a row for every image and may
have more; a file that does not must have exactly one row per image, in the order of the JSON.
Labels are 0/1 (or booleans, True and False in a CSV) or -1/1; in both, 1 means that the image has
the category. A row without any label stands for an image that nobody labelled: category tasks leave
it out.
"""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from fico_lib.datasets.karpathy.annotations import Entry
from fico_lib.datasets.karpathy.paths import existing_file
from fico_lib.formats import read_mat
from fico_lib.runtime.arrays import as_bits, as_numpy, read_npz
from fico_lib.runtime.errors import InputError

KEYS = ("filename", "imgid", "cocoid")
TRUTH = {"true": "1", "false": "0", "1": "1", "0": "0", "1.0": "1", "0.0": "0", "-1": "-1"}
LONG = ("category", "label")  # second column of a CSV with one image and one category per line

Labels = tuple[np.ndarray, tuple[str, ...]]  # (n, categories) bool, and their names


def _binary(values: np.ndarray, path: Path, row_name: Callable[[int], str]) -> np.ndarray:
    """The labels as bool; InputError where they are no matrix, or neither 0/1 nor -1/1."""
    values = as_numpy(values, f"{path}: labels")
    if 1 in values.shape[1:] or values.ndim == 1:
        values = _one_hot(values, path)
    if values.ndim != 2:
        raise InputError(f"{path}: labels of shape {values.shape}, expected (images, categories)")
    return as_bits(
        values, lambda row, column: f"{path}: label of {row_name(row)}, column {column},"
    )


def _one_hot(values: np.ndarray, path: Path) -> np.ndarray:
    """Class numbers, one for each image, as (n, classes); other values as they are."""
    flat = values.reshape(-1)
    whole = values.dtype.kind in "iu" or (
        values.dtype.kind == "f" and np.isfinite(flat).all() and (flat == np.floor(flat)).all()
    )
    if not whole or not flat.size or flat.min() < 0:
        return values
    if values.ndim == 2 and flat.max() <= 1:
        raise InputError(
            f"{path}: one column of 0 and 1 could be one category or two classes; give booleans "
            "for a category, or class numbers in an array of one axis"
        )
    return flat[:, None] == np.unique(flat)


def _pick(labels: np.ndarray, names: Sequence[str], path: Path, entries: list[Entry], key: str):
    """The rows of the images, from rows named by `key`."""
    row_of: dict[str, int] = {}
    for row, name in enumerate(names):
        if row_of.setdefault(name, row) != row:
            raise InputError(
                f"{path}: {key} '{name}' is used twice (rows {row_of[name]} and {row})"
            )
    for entry in entries:
        if key not in entry.keys:
            raise InputError(f"{path}: rows are named by {key}, image '{entry.filename}' has none")
        if entry.keys[key] not in row_of:
            raise InputError(f"{path}: no labels for image '{entry.filename}' (column {key})")
    return labels[[row_of[entry.keys[key]] for entry in entries]]


def _in_order(labels: np.ndarray, path: Path, entries: list[Entry]) -> np.ndarray:
    """The rows of the images, from rows without names."""
    if len(labels) != len(entries):
        hint = "; it looks transposed" if labels.shape[1] == len(entries) else ""
        raise InputError(
            f"{path}: labels have {len(labels)} rows, expected one for each of the "
            f"{len(entries)} images{hint}"
        )
    return labels


def _check_names(names: Sequence[str], width: int, path: Path) -> tuple[str, ...]:
    if len(names) != width:
        raise InputError(f"{path}: {len(names)} category names for {width} columns of labels")
    if len(set(names)) != len(names):
        raise InputError(f"{path}: a category name is used twice")
    return tuple(map(str, names))


def _unnamed(width: int) -> tuple[str, ...]:
    return tuple(f"category {c}" for c in range(width))


def _read_csv(path: Path, entries: list[Entry]) -> Labels:
    """A header `filename,category` (a line per image and category), or `filename,cat,dog,...`.

    The first column may also be imgid or cocoid.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            lines = ([cell.strip() for cell in row] for row in csv.reader(file))
            header, *rows = [row for row in lines if any(row)] or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not a CSV file ({error})") from error
    if len(header) > 2 and header[0] in ("", "Unnamed: 0", "index") and header[1] in KEYS:
        header, rows = header[1:], [row[1:] for row in rows]  # the row numbers that pandas writes
    if len(header) < 2 or header[0] not in KEYS:
        raise InputError(f"{path}: header {header}, expected {' or '.join(KEYS)} and categories")
    for i, row in enumerate(rows):
        if len(row) != len(header):
            raise InputError(f"{path}: row {i + 1} has {len(row)} cells, expected {len(header)}")
    if len(header) == 2 and header[1] in LONG and rows:
        if {category.lower() for _, category in rows} <= TRUTH.keys():
            raise InputError(
                f"{path}: column '{header[1]}' holds {rows[0][1]}, which could say whether an "
                "image has a category or name a class; head it with the category's name, or name "
                "classes by words"
            )
        categories = tuple(sorted({category for _, category in rows}))
        names = tuple(dict.fromkeys(name for name, _ in rows))
        row_of, column_of = ({v: i for i, v in enumerate(values)} for values in (names, categories))
        labels = np.zeros((len(names), len(categories)), bool)
        for name, category in rows:
            labels[row_of[name], column_of[category]] = True
    else:
        categories, names = _check_names(header[1:], len(header) - 1, path), [r[0] for r in rows]
        try:
            cells = [[TRUTH.get(cell.lower(), cell) for cell in row[1:]] for row in rows]
            values = np.array(cells, np.float64).reshape(-1, len(categories))
        except ValueError as error:
            raise InputError(f"{path}: labels must be numbers ({error})") from error
        labels = as_bits(
            values, lambda r, c: f"{path}: label of {header[0]} '{names[r]}', column {c},"
        )
    return _pick(labels, names, path, entries, header[0]), categories


def _read_npz(path: Path, entries: list[Entry]) -> Labels:
    """Arrays `labels` (n, categories), perhaps `categories`, names of rows and `annotated` (n,).

    annotated: False where nobody looked for labels; such a row must be empty.
    """
    arrays = read_npz(path)
    if "labels" not in arrays:
        raise InputError(f"{path}: no array 'labels'; it has {', '.join(arrays) or 'none'}")
    labels = _binary(arrays["labels"], path, lambda row: f"row {row}")
    n, width = labels.shape
    key = next((k for k in KEYS if k in arrays), None)
    for name in {key, "annotated"} & set(arrays):
        if arrays[name].shape != (n,):
            raise InputError(f"{path}: '{name}' has shape {arrays[name].shape}, expected ({n},)")
    blind = np.flatnonzero(~arrays["annotated"].astype(bool)) if "annotated" in arrays else []
    if len(blind) and labels[blind].any():
        row = blind[labels[blind].any(1).argmax()]
        raise InputError(f"{path}: row {row} has labels although 'annotated' is False")
    categories = arrays.get("categories", np.array(_unnamed(width)))
    names = _check_names(categories.tolist(), width, path)
    if key is None:
        return _in_order(labels, path, entries), names
    return _pick(labels, list(map(str, arrays[key].tolist())), path, entries, key), names


def _read_mat(path: Path, entries: list[Entry]) -> Labels:
    """A matrix `LAll` (images, categories), dense or sparse, as published with hashing methods.

    Or the only matrix there is; or class numbers (images, 1).
    """
    labels = _binary(read_mat(path), path, lambda row: f"row {row}")
    return _in_order(labels, path, entries), _unnamed(labels.shape[1])


READERS = {".csv": _read_csv, ".npz": _read_npz, ".mat": _read_mat}


def read_labels(path: Path, entries: list[Entry]) -> Labels:
    """Labels of the images in `entries`, bool (len(entries), categories), and category names."""
    existing_file(path, "labels")
    if path.suffix.lower() not in READERS:
        raise InputError(f"{path}: labels must be a file of {', '.join(READERS)}")
    return READERS[path.suffix.lower()](path, entries)
