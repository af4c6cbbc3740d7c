"""Results in pieces, kept until all are there: a killed run takes up where it stopped."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fico_lib.runtime.arrays import read_npz
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.files import write_whole


class Shards:
    """A folder of pieces, made for one plan; another plan's pieces are thrown away.

    plan: JSON-like, all that the pieces depend on. A piece has a checksum: one that was damaged is
    made again.
    """

    def __init__(self, folder: Path, plan: dict[str, Any]):
        self.folder, self.resumed = folder, 0
        text = json.dumps(plan, sort_keys=True)
        kept = folder / "plan.json"
        if folder.exists() and not kept.is_file():
            raise InputError(f"{folder}: in the way of the pieces of this run; move it")
        if kept.is_file() and kept.read_text(encoding="utf-8") != text:
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with write_whole(kept) as part:
            part.write_text(text, encoding="utf-8")

    def get(self, name: str, make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """The arrays of the piece `name`, made now unless they are kept."""
        file, sums = self.folder / f"{name}.npz", self.folder / f"{name}.sha256"
        if file.is_file() and sums.is_file() and sums.read_text() == sha256(file):
            self.resumed += 1
            return read_npz(file)
        arrays = make()
        with write_whole(file) as part:
            np.savez(part, **arrays)
        with write_whole(sums) as part:
            part.write_text(sha256(file))
        return arrays

    def remove(self) -> None:
        """Throw the pieces away: the result is in place."""
        shutil.rmtree(self.folder)


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
