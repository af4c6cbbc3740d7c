"""What tells one data set on disk from another, without reading its images whole."""

import functools
import hashlib
import os
from pathlib import Path

from fico_lib.datasets.karpathy.parameters import KarpathyParameters
from fico_lib.datasets.karpathy.paths import existing_file, existing_folder
from fico_lib.runtime.digests import digest, file_digest

IMAGES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".gif", ".webp"}
EDGE = 4096  # bytes at either end of an image that are read: compressed, they differ if it does


def _listing(folder: Path) -> list[tuple[str, int, str]]:
    """(name below `folder`, bytes, digest of both ends) of every file in it, sorted.

    Links are followed, each folder once. Hidden files do not count (.DS_Store, ._0.jpg), unless
    they end as an image does.
    """
    listing, seen = [], set()
    for place, folders, files in os.walk(existing_folder(folder, "images"), followlinks=True):
        if (real := os.path.realpath(place)) in seen:  # a link that leads back
            folders.clear()
            continue
        seen.add(real)
        for name in files:
            image = Path(name).suffix.lower() in IMAGES and not name.startswith("._")
            if name.startswith(".") and not image:
                continue
            path = os.path.join(place, name)
            listing.append((os.path.relpath(path, folder), *_ends(path)))
    return sorted(listing)


def _ends(path: str) -> tuple[int, str]:
    try:
        with open(path, "rb") as file:
            first = file.read(EDGE)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - EDGE))
            return size, hashlib.sha256(first + file.read()).hexdigest()[:16]
    except OSError:  # a link to nowhere: whether an image is missing is asked when they are found
        return -1, ""


@functools.lru_cache(maxsize=16)  # one verdict for all folds and models
def _check_folds(annotations: Path, labels: Path, skip_empty: bool, *content: str) -> None:
    """Raise InputError where the images cannot be cut into blocks; `content`: keys of the files."""
    # Here, because keys of data without folds need no arrays: planning stays light.
    from fico_lib.datasets.karpathy.annotations import read_annotations
    from fico_lib.datasets.karpathy.folds import blocks
    from fico_lib.datasets.karpathy.labels import read_labels

    entries = read_annotations(annotations, skip_empty)
    blocks(entries, read_labels(labels, entries), labels)


def fingerprint(parameters: KarpathyParameters) -> list[str | None]:
    """Keys of the annotations' content, the labels' content, and the images' names and edges.

    Raises InputError where one of them is missing, and where labels do not allow the fold asked
    for: keys are computed when a run is planned, long before its data are loaded.
    """
    annotations = existing_file(parameters.path(parameters.annotations), "annotations")
    keys = [file_digest(annotations), None, None]
    if parameters.labels:
        keys[1] = file_digest(existing_file(parameters.path(parameters.labels), "labels"))
    if parameters.images:
        keys[2] = digest(_listing(parameters.path(parameters.images)))
    if parameters.fold is not None:
        labels = parameters.path(parameters.labels)
        _check_folds(annotations, labels, parameters.skip_empty_captions, *keys[:2])
    return keys
