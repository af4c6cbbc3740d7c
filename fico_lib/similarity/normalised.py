"""Scores re-weighted at test time against hubs: every query then depends on all the others.

Both methods look at what a candidate scores with *all* queries, so a query's ranking changes with
the company that it is tested in, which a search engine that answers one query does not have.

- `dual-softmax`: s * softmax of s / 0.01 over the queries, with the temperature of CLIP. Source:
  Cheng et al. 2021, "Improving Video-Text Retrieval by Multi-Stream Corpus Alignment and Dual
  Softmax Loss", whose loss is used at test time.
- `qb-norm`: softmax of 20 s over a bank of queries, here the evaluated ones. The best candidate of
  every query is then that of a query in the bank, so the dynamic inverted softmax normalises all.
  Source: Bogolin et al. 2022, "Cross Modal Retrieval with Querybank Normalisation".

s is a cosine, an inner product, minus a Euclidean distance or what the model gave; of codes it is
1 - 2 distance / bits.
"""

from typing import Any, Literal

import numpy as np

from fico_lib.encodings import Codes, Scores
from fico_lib.runtime.errors import InputError

Normalisation = Literal["qb-norm", "dual-softmax"]
SHARPNESS = {"qb-norm": 20.0, "dual-softmax": 100.0}  # what s is multiplied by in the softmax
EXPONENT = 700  # e to minus more than this is 0 in float64
WARNING = "queries see each other: the ranking of one depends on all others; not the model's own"


class NormalisedBlocks:
    """Blocks of scores (see `fico_lib.similarity.blocks`), normalised; float64."""

    def __init__(self, blocks: Any, encodings: Any, method: Normalisation, memory: int):
        if isinstance(encodings, Scores) and encodings.missing is not None:
            raise InputError(f"normalise '{method}': found partial scores; expected all of them")
        self.blocks, self.method, self.backend = blocks, method, blocks.backend
        self.threaded, self.scores_at_once = blocks.threaded, blocks.scores_at_once
        self.bytes_per_score = blocks.bytes_per_score + 16
        self.bits = encodings.bits if isinstance(encodings, Codes) else None
        sizes = {"i2t": encodings.n_images, "t2i": encodings.n_captions}
        self.totals = {
            direction: self._total(direction, queries, sum(sizes.values()) - queries, memory)
            for direction, queries in sizes.items()
        }

    def _scaled(self, direction: str, rows: np.ndarray):
        """s * sharpness (b, m) float64 of the queries `rows`."""
        scores = self.blocks.block(direction, rows)
        scores = scores.double() if self.backend.tensors else scores.astype(np.float64)
        if self.bits is not None:
            scores = 1 - 2 * (self.blocks.highest - scores) / self.bits
        return scores * SHARPNESS[self.method]

    def _total(self, direction: str, queries: int, candidates: int, memory: int):
        """log of the sum of exp over all queries, (candidates,), block by block."""
        step = min(self.scores_at_once, memory // (4 * self.bytes_per_score)) // candidates
        step = max(1, step)
        first = self._scaled(direction, np.arange(1))
        highest, lowest, total = first[0], first.min(), 0 * first[0]
        for start in range(0, queries, step):
            part = self._scaled(direction, np.arange(start, min(start + step, queries)))
            top = part.max(0) if isinstance(part, np.ndarray) else part.max(0).values
            larger = _where(top > highest, top, highest)
            total = total * _exp(highest - larger) + _exp(part - larger).sum(0)
            highest, lowest = larger, min(lowest, part.min())
        spread = float(highest.max() - lowest)
        if self.method == "dual-softmax" and spread > EXPONENT:
            raise InputError(
                f"normalise 'dual-softmax': {direction} scores span "
                f"{spread / SHARPNESS[self.method]:.3g}; expected at most "
                f"{EXPONENT / SHARPNESS[self.method]:.3g}, as cosines do"
            )
        return highest + _log(total)

    def block(self, direction: str, rows: np.ndarray):
        """Normalised scores (len(rows), n_candidates)."""
        scaled = self._scaled(direction, rows)
        if self.method == "qb-norm":
            return scaled - self.totals[direction]  # the logarithm ranks alike
        return scaled * _exp(scaled - self.totals[direction])


def _exp(values):
    return np.exp(values) if isinstance(values, np.ndarray) else values.exp()


def _log(values):
    return np.log(values) if isinstance(values, np.ndarray) else values.log()


def _where(condition, one, other):
    if isinstance(condition, np.ndarray):
        return np.where(condition, one, other)
    import torch

    return torch.where(condition, one, other)
