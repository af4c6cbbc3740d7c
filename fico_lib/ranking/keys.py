"""Scores as integers that sort alike, with a free lowest bit for the relevance: exact, no rounding.

A float's bits, read as an integer, order like the float once the negative ones are flipped. Scores
below 2 in magnitude leave the top exponent bit unused, so the integer can be shifted by one and the
lowest bit says whether the candidate is relevant. Among equal scores relevant candidates then sort
last (ascending), and a tie between the two kinds shows as neighbours that differ in that bit alone.
"""

import numpy as np


def ordered_keys(scores: np.ndarray, relevance: np.ndarray) -> np.ndarray:
    """Integer keys (b, m), sorted ascending along each row: order of the scores, then relevance.

    scores: (b, m) float32 or float64, finite, overwritten; relevance: (b, m) bool. int32 keys for
    float32 and int64 for float64. -0.0 equals 0.0.
    """
    keys = _order(scores)
    keys <<= 1
    keys |= relevance
    keys.sort(axis=1)
    return keys


def ordered_keys_by_index(scores: np.ndarray, relevance: np.ndarray) -> np.ndarray:
    """As `ordered_keys` (int64), ties broken by index: the earlier candidate counts as better."""
    keys = _order(scores)
    if keys.itemsize > 4:
        keys = dense_ranks(keys)
    keys = keys.astype(np.int64)
    keys <<= 32
    keys |= np.arange(keys.shape[1])[::-1] << 1
    keys |= relevance
    keys.sort(axis=1)
    return keys


def _order(scores: np.ndarray) -> np.ndarray:
    """Integers of the scores' width, below half their range in magnitude, in the scores' order."""
    integer = np.int32 if scores.dtype == np.float32 else np.int64
    largest = max(abs(float(scores.max())), abs(float(scores.min())))
    if largest >= 2:
        # A power of two changes the exponent alone, unless a small number falls below the range.
        power = int(np.frexp(largest)[1]) - 1
        scaled = np.ldexp(scores, -power)
        if not (np.ldexp(scaled, power) == scores).all():
            return dense_ranks(scores).astype(integer)
        scores = scaled
    scores += 0.0  # -0.0 becomes 0.0
    keys = scores.view(integer)
    flip = keys >> (8 * keys.itemsize - 1)
    flip &= np.iinfo(integer).max
    keys ^= flip
    return keys


def dense_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks 0, 1, ... (b, m) int32 within each row, equal for equal values."""
    order = np.argsort(values, axis=1)
    ordered = np.take_along_axis(values, order, 1)
    steps = np.zeros(values.shape, np.int32)
    np.cumsum(ordered[:, 1:] != ordered[:, :-1], axis=1, out=steps[:, 1:])
    ranks = np.empty_like(steps)
    np.put_along_axis(ranks, order, steps, 1)
    return ranks
