"""What tells one data set on disk from another, without reading its images."""

import functools
import os
from pathlib import Path

from fico_lib.datasets.karpathy.parameters import KarpathyParameters
from fico_lib.datasets.karpathy.paths import existing_file, existing_folder
from fico_lib.runtime.digests import digest, file_digest


def _listing(folder: Path) -> list[tuple[str, int]]:
    """(name below `folder`, bytes) of every file in it, sorted; hidden files do not count."""
    listing = []
    for place, folders, files in os.walk(existing_folder(folder, "images")):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if not name.startswith("."):
                path = os.path.join(place, name)
                listing.append((os.path.relpath(path, folder), os.path.getsize(path)))
    return sorted(listing)


@functools.lru_cache(maxsize=16)  # one verdict for all folds and models
def _check_folds(annotations: Path, labels: Path, *content: str) -> None:
    """Raise InputError where the images cannot be cut into blocks; `content`: keys of the files."""
    # Here, because keys of data without folds need no arrays: planning stays light.
    from fico_lib.datasets.karpathy.annotations import read_annotations
    from fico_lib.datasets.karpathy.folds import blocks
    from fico_lib.datasets.karpathy.labels import read_labels

    entries = read_annotations(annotations)
    blocks(entries, read_labels(labels, entries), labels)


def fingerprint(parameters: KarpathyParameters) -> list[str | None]:
    """Keys of the annotations' content, the labels' content, and the images' names and sizes.

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
        _check_folds(annotations, parameters.path(parameters.labels), *keys[:2])
    return keys
