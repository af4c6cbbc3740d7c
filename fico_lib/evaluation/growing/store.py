"""Counts as files: what a pass over further scenes keeps, so that it may be taken up again."""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from fico_lib.evaluation.growing.counts import Counts
from fico_lib.runtime.arrays import read_safetensors
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.files import write_whole

PARTS = ("above", "equal", "twins")
SUFFIX = ".safetensors"


class Store:
    """The folder of the counts of one pass: <images of the gallery>.safetensors.

    sizes: those that are kept; a file in between goes when the next one is written.
    """

    def __init__(self, folder: Path, sizes: Sequence[int]):
        self.folder, self.sizes = folder, sizes
        self.between: Path | None = None

    def path(self, images: int) -> Path:
        """Where the counts of a gallery lie."""
        return self.folder / f"{images}{SUFFIX}"

    def latest(self, images: int) -> int | None:
        """The largest gallery up to `images` that was counted, in images; None where none was."""
        counted = [int(path.stem) for path in self.folder.glob(f"[0-9]*{SUFFIX}")]
        return max((size for size in counted if size <= images), default=None)

    def save(self, counts: Counts) -> None:
        """Keep the counts, whole or not at all, with a checksum."""
        arrays = _arrays(counts)
        facts = {"captions": str(counts.captions), "checksum": _checksum(arrays)}
        with write_whole(self.path(counts.images)) as part:
            save_file(arrays, part, metadata=facts)
        if self.between is not None:
            self.between.unlink(missing_ok=True)
        self.between = None if counts.images in self.sizes else self.path(counts.images)

    def load(self, images: int) -> Counts:
        """The counts of a gallery; InputError where the file is not as it was written."""
        path = self.path(images)
        arrays, facts = read_safetensors(path)
        if facts.get("checksum") != _checksum(arrays):
            raise InputError(
                f"{path}: found other counts than were written (their checksum differs); delete "
                "the file, and they are counted again"
            )
        parts: dict[str, dict] = {part: {} for part in PARTS}
        for name, array in arrays.items():
            part, direction = name.split("/")
            parts[part][direction] = array
        return Counts(**parts, images=images, captions=int(facts["captions"]))

    def check_room(self, counts: Counts) -> None:
        """Raise InputError where the disk has no room for the sizes that are still to be kept."""
        each = sum(array.nbytes for array in _arrays(counts).values())
        missing = [size for size in self.sizes if not self.path(size).is_file()]
        place = self.folder
        while not place.exists():
            place = place.parent
        free = shutil.disk_usage(place).free
        fits = free // each - 1  # and one in between
        if len(missing) > fits:
            largest = f"sizes up to {missing[fits - 1]:,} fit" if fits > 0 else "none fits"
            raise InputError(
                f"sizes: {len(missing)} sizes and one in between of {each / 1e6:.1f} MB take "
                f"{(len(missing) + 1) * each / 1e6:.1f} MB, but {place} has {free / 1e6:.1f} MB; "
                f"{largest}"
            )


def _arrays(counts: Counts) -> dict[str, np.ndarray]:
    return {f"{p}/{d}": array for p in PARTS for d, array in getattr(counts, p).items()}


def _checksum(arrays: dict[str, np.ndarray]) -> str:
    found = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        found.update(f"{name} {array.dtype} {array.shape}".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()
