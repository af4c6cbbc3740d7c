"""Scores as integers that sort alike, with a free lowest bit for the relevance: exact, no rounding.

A float's bits, read as an integer, order like the float once the negative ones are flipped. Scores
below 2 in magnitude leave the top exponent bit unused, so the integer can be shifted by one and the
lowest bit says whether the candidate is relevant. Among equal scores relevant candidates then sort
last (ascending), and a tie between the two kinds shows as neighbours that differ in that bit alone.

Scores are finite, float32 or float64, numpy arrays or torch tensors; -0.0 equals 0.0.
"""

import numpy as np

from fico_lib.runtime.compiled import compiled


def ordered_keys(scores, relevance):
    """Integer keys (b, m), sorted ascending along each row: order of the scores, then relevance.

    scores: (b, m), overwritten; relevance: (b, m) bool. int32 keys for float32 scores and int64 for
    float64, on the device of the scores.
    """
    return _sorted(_keys(scores, relevance))


def ordered_keys_by_index(scores, relevance):
    """As `ordered_keys` (int64), ties broken by index: the earlier candidate counts as better."""
    if not isinstance(scores, np.ndarray):  # rare enough to be done on the CPU
        import torch

        keys = ordered_keys_by_index(scores.cpu().numpy(), relevance.cpu().numpy())
        return torch.from_numpy(keys).to(scores.device)
    keys = _keys(scores, relevance) >> 1
    if keys.itemsize > 4:
        keys = dense_ranks(keys)
    keys = keys.astype(np.int64)
    keys <<= 33
    keys |= np.arange(keys.shape[1])[::-1] << 1
    keys |= relevance
    return _sorted(keys)


def _sorted(keys):
    if not isinstance(keys, np.ndarray):
        return keys.sort(dim=1).values
    keys.sort(axis=1)
    return keys


def _keys(scores, relevance):
    """The keys, not yet sorted. The bits' highest is shifted out, so it is not set."""
    bits = _bits(scores)
    if isinstance(bits, np.ndarray):
        _pack(bits, relevance, np.iinfo(bits.dtype).min, 8 * bits.itemsize - 1)
        return bits
    import torch

    bits.masked_fill_(bits == torch.iinfo(bits.dtype).min, 0)
    bits ^= bits >> (8 * bits.element_size() - 1)
    bits <<= 1
    bits |= relevance
    return bits


@compiled()
def _pack(bits, relevance, minus_zero, sign):
    """As the tensors in `_keys`, in one pass."""
    for i in range(len(bits)):
        row = bits[i]
        for j in range(len(row)):
            value = row[j]
            value = 0 if value == minus_zero else value
            row[j] = (value ^ (value >> sign)) << 1 | relevance[i, j]


def _bits(scores):
    """Bits of floats below 2 in magnitude that are in the scores' order, in integers as wide."""
    numpy = isinstance(scores, np.ndarray)
    largest = max(abs(float(scores.max())), abs(float(scores.min())))
    if largest >= 2:
        # A power of two changes the exponent alone, unless a small number falls below the range.
        power = 1 - int(np.frexp(largest)[1])
        scaled = np.ldexp(scores, power) if numpy else scores * 2.0**power
        back = np.ldexp(scaled, -power) if numpy else scaled * 2.0**-power
        if not (back == scores).all():
            return dense_ranks(scores)  # small integers: the bits of positive floats
        scores = scaled
    if numpy:
        return scores.view(np.int32 if scores.itemsize == 4 else np.int64)
    import torch

    return scores.view(torch.int32 if scores.element_size() == 4 else torch.int64)


def dense_ranks(values):
    """Ranks 0, 1, ... (b, m) int32 within each row, equal for equal values."""
    if not isinstance(values, np.ndarray):
        import torch

        return torch.from_numpy(dense_ranks(values.cpu().numpy())).to(values.device)
    order = np.argsort(values, axis=1)
    ordered = np.take_along_axis(values, order, 1)
    steps = np.zeros(values.shape, np.int32)
    np.cumsum(ordered[:, 1:] != ordered[:, :-1], axis=1, out=steps[:, 1:])
    ranks = np.empty_like(steps)
    np.put_along_axis(ranks, order, steps, 1)
    return ranks
