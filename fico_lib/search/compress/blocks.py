"""Compressed embeddings as scores in blocks: what `fico_lib.evaluation.evaluate` ranks."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fico_lib.search.compress.setting import SIGNS, Compression
from fico_lib.similarity.backend import NumpyBackend, TorchBackend


@dataclass(frozen=True)
class Stage:
    """What is compared in one direction: queries (n, d) and decoded candidates (m, d), float32."""

    queries: np.ndarray
    candidates: np.ndarray


@dataclass(frozen=True, eq=False)
class Compressed:
    """Embeddings compressed by a setting, made by `fico_lib.search.compress.compress`.

    first, second: the stages by direction, the second empty where nothing is rescored. What is
    stored are codes (`Compression.kept_bytes`); these arrays are what the codes are worth. The
    other fields are those of encodings.
    """

    setting: Compression
    first: Mapping[str, Stage]
    second: Mapping[str, Stage]
    image_of_caption: np.ndarray
    image_ids: np.ndarray
    caption_ids: np.ndarray
    model: str

    @property
    def n_images(self) -> int:
        """How many images there are."""
        return len(self.image_ids)

    @property
    def n_captions(self) -> int:
        """How many captions there are."""
        return len(self.caption_ids)

    @property
    def measure(self) -> str:
        """How they are compared, in words."""
        return f"inner product, {self.setting}"

    def blocks(self, backend: NumpyBackend | TorchBackend) -> "CompressedBlocks":
        """Their scores, computed by a backend."""
        return CompressedBlocks(self, backend)


class CompressedBlocks:
    """Inner products of the first stage; the best of each query then by those of the second.

    The order of the rest stays that of the first stage. Where the codes of several candidates are
    equally far from the query, a fixed random order says which of them are rescored. The interface
    is that of `fico_lib.similarity.blocks`.
    """

    bytes_per_score = 20
    scores_at_once = 1 << 20

    def __init__(self, encodings: Compressed, backend: NumpyBackend | TorchBackend):
        self.backend, self.depth = backend, encodings.setting.depth
        self.threaded = not backend.tensors
        self.first, self.second = (
            {d: (backend.put(s.queries), backend.put(s.candidates)) for d, s in stage.items()}
            for stage in (encodings.first, encodings.second)
        )
        self.places = {}
        if encodings.setting.quantizer in SIGNS:  # whole numbers: below one half is no overtaking
            rng = np.random.default_rng(0)
            for direction, stage in encodings.first.items():
                n = len(stage.candidates)
                place = rng.permutation(n).astype(np.float32) / np.float32(2 * n)
                self.places[direction] = backend.put(place)

    def block(self, direction: str, rows: np.ndarray):
        """Scores (len(rows), n_candidates) float32 of those queries."""
        scores = self._products(self.first, direction, rows)
        if not self.second or self.depth >= scores.shape[1]:
            return scores if not self.second else self._products(self.second, direction, rows)
        places = self.places.get(direction)
        chosen = _largest(scores if places is None else scores + places, self.depth)
        again = self._products(self.second, direction, rows)
        return _above(chosen, again, scores)

    def _products(self, stage: Mapping, direction: str, rows: np.ndarray):
        queries, candidates = stage[direction]
        return queries[rows] @ candidates.T


def _largest(scores, k: int):
    """Which scores (b, m) are among the k largest of their row, (b, m) bool: k < m of each row.

    Equal scores at the border are all among them.
    """
    if isinstance(scores, np.ndarray):
        border = np.partition(scores, scores.shape[1] - k, axis=1)[:, [scores.shape[1] - k]]
    else:
        border = scores.topk(k, 1).values[:, -1:]
    return scores >= border


def _above(chosen, scores, rest):
    """`scores` where `chosen`, and below them the `rest`, in its own order; all (b, m) float32.

    `rest` is overwritten.
    """
    if isinstance(scores, np.ndarray):
        rest += scores.min(1, keepdims=True) - rest.max(1, keepdims=True) - 1
        np.copyto(rest, scores, where=chosen)
        return rest
    rest += scores.amin(1, keepdim=True) - rest.amax(1, keepdim=True) - 1
    return scores.where(chosen, rest)
