"""The tie group of positives by counting what scores higher: no sorting.

Scores (b, m) are numpy arrays or torch tensors; positives (b, p) are numpy columns, -1 where there
is none; what is returned is numpy.
"""

import numpy as np


def positive_scores(scores, positives: np.ndarray) -> np.ndarray:
    """Scores (b, p) of the positives, -inf where there is none, in a float type."""
    columns = np.maximum(positives, 0)
    if isinstance(scores, np.ndarray):
        values = np.take_along_axis(scores, columns, 1)
    else:
        import torch

        values = scores.gather(1, torch.from_numpy(columns).to(scores.device)).cpu().numpy()
    # Integer scores are counts of bits: float32 holds them exactly.
    values = values.astype(np.result_type(values, np.float32), copy=False)
    return np.where(positives >= 0, values, -np.inf)


def best_positive(scores, positives: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Best score among each query's positives (b,), and how many of them have it (b,).

    Without any positive: -inf and 0.
    """
    values = positive_scores(scores, positives)
    best = values.max(1)
    return best, ((values == best[:, None]) & (positives >= 0)).sum(1)


def count_above(scores, threshold: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Per query: how many scores are higher than its threshold (b,), and how many equal."""
    if not isinstance(scores, np.ndarray):
        import torch

        limit = torch.from_numpy(threshold).to(scores.device)[:, None]
        return tuple(found.sum(1).cpu().numpy() for found in (scores > limit, scores == limit))
    above = np.empty(len(scores), np.int64)
    equal = np.empty(len(scores), np.int64)
    for i, (row, value) in enumerate(zip(scores, threshold, strict=True)):
        above[i] = np.count_nonzero(row > value)
        equal[i] = np.count_nonzero(row == value)
    return above, equal


def count_above_in_order(scores, threshold: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """As `count_above`, ties broken by index: higher, or equal and before `columns` (b,)."""
    if not isinstance(scores, np.ndarray):
        scores = scores.cpu().numpy()
    above = np.empty(len(scores), np.int64)
    for i, (row, value, column) in enumerate(zip(scores, threshold, columns, strict=True)):
        above[i] = np.count_nonzero(row > value) + np.count_nonzero(row[: max(column, 0)] == value)
    return above


FEW = 12  # positives of a query that are counted one by one; of more, the scores are sorted


def count_each(scores, positives: np.ndarray, in_order: bool) -> tuple[np.ndarray, np.ndarray]:
    """Of each positive (b, p): how many scores are higher, and how many equal, its own among them.

    in_order: ties are broken by index, as in `count_above_in_order`. What is returned where there
    is no positive has no meaning.
    """
    above, equal = np.zeros(positives.shape, np.int64), np.ones(positives.shape, np.int64)
    if isinstance(scores, np.ndarray) and not in_order:
        if positives.shape[1] > FEW:
            _count_sorted(scores, positive_scores(scores, positives), above, equal)
        else:
            from fico_lib.evaluation.counts_compiled import count_each_positive

            count_each_positive(scores, positives, above, equal)
        return above, equal
    values = positive_scores(scores, positives)
    for slot in range(positives.shape[1]):
        rows = np.flatnonzero(positives[:, slot] >= 0)
        if in_order:
            columns = positives[rows, slot]
            above[rows, slot] = count_above_in_order(scores[rows], values[rows, slot], columns)
        else:
            above[rows, slot], equal[rows, slot] = count_above(scores[rows], values[rows, slot])
    return above, equal


def _count_sorted(scores, values, above, equal) -> None:
    for i, (row, wanted) in enumerate(zip(scores, values, strict=True)):
        ordered = np.sort(row)
        up_to = np.searchsorted(ordered, wanted, "right")
        above[i] = len(row) - up_to
        equal[i] = up_to - np.searchsorted(ordered, wanted, "left")


class BothDirections:
    """Counts for both directions in one pass over the rows of one matrix (n_images, n_captions).

    A caption's only positive is its image, so its threshold is known beforehand; while an image's
    row is in the cache, it is compared with the image's threshold and with those of the captions.
    """

    def __init__(self, captions: np.ndarray):
        self.captions = captions  # (n_captions,) score of each caption with its own image
        self.above = np.zeros(len(captions), np.int64)
        self.equal = np.zeros(len(captions), np.int64)

    def add(self, scores: np.ndarray, images: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple]:
        """Counts of the images (b,) in these rows, as `count_above`, and those of the captions.

        scores: (b, n_captions); images: (b,) thresholds. The captions' counts are returned, not
        added, so that threads can work at once; `merge` adds them.
        """
        above, equal = np.empty(len(scores), np.int64), np.empty(len(scores), np.int64)
        small = np.zeros((2, len(self.captions)), np.uint8)  # bytes: four times faster than ints
        totals = np.zeros((2, len(self.captions)), np.int32)
        found = np.empty(len(self.captions), bool)
        for i, (row, threshold) in enumerate(zip(scores, images, strict=True)):
            above[i] = np.count_nonzero(np.greater(row, threshold, out=found))
            equal[i] = np.count_nonzero(np.equal(row, threshold, out=found))
            small[0] += np.greater(row, self.captions, out=found).view(np.uint8)
            small[1] += np.equal(row, self.captions, out=found).view(np.uint8)
            if i % 255 == 254:
                totals += small
                small[:] = 0
        totals += small
        return above, equal, tuple(totals)

    def merge(self, captions: tuple[np.ndarray, np.ndarray]) -> None:
        """Add what `add` found for the captions."""
        self.above += captions[0]
        self.equal += captions[1]
