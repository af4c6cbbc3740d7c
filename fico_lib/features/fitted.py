"""What features have learned from their data, as one plain file: networks, statistics, words."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from fico_lib.runtime.arrays import read_safetensors
from fico_lib.runtime.errors import InputError

FILE = "fitted.safetensors"


@dataclass(frozen=True)
class Fitted:
    """What `fico_lib.features.build` needs to make the same features of other images and texts.

    arrays: by name, "<part>/<array>": of the extractor's networks, of the mean and deviation of
    each kind of feature on the train split, and of Doc2Vec where there is one; words: the
    vocabulary, in its order.
    """

    arrays: dict[str, np.ndarray]
    words: tuple[str, ...]

    def part(self, name: str) -> dict[str, np.ndarray]:
        """The arrays of one part, by their names in it; {} where there is none."""
        return {
            key.removeprefix(f"{name}/"): array
            for key, array in self.arrays.items()
            if key.startswith(f"{name}/")
        }

    def save(self, path: Path) -> None:
        """Write the file."""
        arrays = {key: np.ascontiguousarray(array) for key, array in self.arrays.items()}
        save_file(arrays, path, metadata={"words": json.dumps(self.words)})

    @classmethod
    def load(cls, path: Path) -> "Fitted":
        """Read what `save` wrote; InputError where it is something else."""
        arrays, metadata = read_safetensors(path)
        if "words" not in metadata:
            raise InputError(f"{path}: no vocabulary in it; expected a file of fitted features")
        return cls(arrays, tuple(json.loads(metadata["words"])))


def named(part: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays of a part under the names that `Fitted.arrays` has."""
    return {f"{part}/{key}": array for key, array in arrays.items()}
