"""The tie groups of listed positives, from what stands above and beside each of them."""

from collections.abc import Iterator

import numpy as np

from fico_lib.metrics.tie_groups import TieGroups

POSITIVES = 1 << 18  # placed at once


def positive_groups(
    starts: np.ndarray, above: np.ndarray, count: np.ndarray, candidates: int
) -> Iterator[tuple[slice, TieGroups]]:
    """Some queries after others, and their ranking.

    starts: (n + 1,), where each query's positives begin; above, count: (starts[-1],), candidates
    that score higher than a positive, and as high (it among them).
    """
    n, first = len(starts) - 1, 0
    while first < n:
        last = first + 1
        widest = starts[last] - starts[first]
        while last < n:
            wider = max(widest, starts[last + 1] - starts[last])
            if wider * (last + 1 - first) > POSITIVES:
                break
            widest, last = wider, last + 1
        rows = slice(first, last)
        yield rows, _groups(starts[first : last + 1], above, count, max(1, widest), candidates)
        first = last


def _groups(starts, above, count, width, candidates) -> TieGroups:
    """Of queries with at most `width` positives: the first of a group stands for all of it."""
    sizes = np.diff(starts)
    there = np.arange(width) < sizes[:, None]
    part = slice(starts[0], starts[-1])
    before = np.full(there.shape, candidates)  # where there is none: empty, below all
    size = np.zeros(there.shape, np.int64)
    before[there], size[there] = above[part], count[part]
    order = np.argsort(before, axis=1, kind="stable")
    before, size = (np.take_along_axis(v, order, 1) for v in (before, size))
    new = np.ones(there.shape, bool)
    new[:, 1:] = before[:, 1:] != before[:, :-1]
    place = np.maximum.accumulate(np.where(new, np.arange(width), 0), axis=1)
    place += width * np.arange(len(place))[:, None]
    relevant = np.bincount(place[there], minlength=there.size).reshape(there.shape)
    after = before + size  # the others of a group: empty, behind it
    return TieGroups(np.where(new, size, 0), relevant, np.where(new, before, after))
