"""A block of ranked queries, from sorted keys: sums of precisions, mixed ties, precision at recall.

Keys (see `fico_lib.ranking.keys`) stand in ascending order with the relevance in their lowest bit,
so the optimistic order is the one they stand in. Other tie rules correct its sums for the mixed tie
groups (see `fico_lib.metrics.optimistic_sums`).

total: relevant candidates per query (b,); candidates: how many there are; ties: `MixedTies`.
"""

import itertools
from collections.abc import Iterable

import numpy as np

from fico_lib.metrics.optimistic_sums import MixedTies
from fico_lib.metrics.precision_recall import first_at_level

STRIP = 1 << 15  # keys compared at once: what stays in the nearest cache


def borders(keys: np.ndarray) -> np.ndarray:
    """Where in (n,) the relevant part of a mixed tie group starts.

    The key before differs in its last bit alone.
    """
    found = np.empty(max(len(keys) - 1, 0), bool)
    for a in range(0, len(found), STRIP):
        here = keys[a : a + STRIP + 1]
        np.equal(here[1:] ^ here[:-1], 1, out=found[a : a + STRIP])
    return np.flatnonzero(found) + 1


class RankedBlock:
    """Ranked queries from sorted numpy keys (b, m)."""

    def __init__(self, keys: np.ndarray):
        self.keys = keys
        b, m = keys.shape
        self.candidates = m
        self.relevant = (keys.astype(np.uint8) & 1).view(bool)  # whole bytes are the quick way
        # Relevant candidates from the worst to the best, row after row.
        self.flat = np.flatnonzero(self.relevant)
        self.ends = np.searchsorted(self.flat, np.arange(1, b + 1) * m)
        self.total = np.diff(self.ends, prepend=0)
        self.starts = self.ends - self.total
        self.precision = self._precision()
        self.ties = self._mixed_ties()

    def _precision(self) -> np.ndarray:
        """Precision at each of `flat`: its ordinal among the relevant ones, over its rank."""
        m = self.candidates
        # A block is small, so places fit 32 bits, and half the memory is moved.
        small = np.int32 if self.keys.size < 2**31 else np.int64
        rank = np.repeat((np.arange(1, len(self.keys) + 1) * m).astype(small), self.total)
        rank -= self.flat.astype(small)  # from 1
        precision, ordinals = rank.astype(float), np.arange(m, 0, -1.0)
        for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True):
            part = precision[start:end]
            np.divide(ordinals[m - len(part) :], part, out=part)
        return precision

    def _mixed_ties(self) -> MixedTies:
        m, flat = self.candidates, self.keys.reshape(-1)
        border = borders(flat)
        border = border[border % m > 0]
        row, column = np.divmod(border, m)
        low, high = column - 1, column + 1
        # Most groups are pairs; the ends of the others are searched for.
        more = (low > 0) & (flat[border - 2] == flat[border - 1])
        more |= (high < m) & (flat[np.minimum(border + 1, len(flat) - 1)] == flat[border])
        wide = np.flatnonzero(more)
        bounds = np.append(np.flatnonzero(np.diff(row[wide], prepend=-1)), len(wide))
        for start, end in itertools.pairwise(bounds):
            here = wide[start:end]
            keys, value = self.keys[row[here[0]]], flat[border[here]]
            low[here] = np.searchsorted(keys, value - 1, "left")
            high[here] = np.searchsorted(keys, value, "right")
        before = self.ends[row] - np.searchsorted(self.flat, row * m + high)
        return MixedTies(row, m - high, before, high - low, high - column)

    def sums_at(self, depths: Iterable[int]) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """k -> sums of precisions, and hits, in the first k of the optimistic order: (b,) twice."""
        found = {}
        if part := [k for k in depths if k < self.candidates]:
            relevant = self.relevant[:, : -max(part) - 1 : -1]
            hits = relevant.cumsum(1)
            running = (hits / np.arange(1, max(part) + 1) * relevant).cumsum(1)
            found = {k: (running[:, k - 1].copy(), hits[:, k - 1].copy()) for k in part}
        if whole := [k for k in depths if k >= self.candidates]:
            some, sums = np.flatnonzero(self.total), np.zeros(len(self.total))
            if len(some):
                sums[some] = np.add.reduceat(self.precision, self.starts[some])
            found |= dict.fromkeys(whole, (sums, self.total))
        return found

    def sums_before(self, row: np.ndarray, above: np.ndarray) -> np.ndarray:
        """Sums of precisions in the first `above` of the optimistic order of queries `row`."""
        first = np.searchsorted(self.flat, (row + 1) * self.candidates - above)
        return np.array([
            self.precision[a:b].sum() for a, b in zip(first, self.ends[row], strict=True)
        ])  # fmt: skip

    def precision_at_recall_levels(self) -> np.ndarray:
        """Interpolated precision (b, 11); see `fico_lib.metrics.precision_recall`."""
        result = np.zeros((len(self.total), 11))
        some = np.flatnonzero(self.total)
        if not len(some):
            return result
        precision = self._precision_at_thresholds()
        # The relevant candidates at or beyond each level end here (ascending order, exclusive).
        bounds = self.ends[some, None] - first_at_level(self.total[some]) + 1
        bounds = np.concatenate([self.starts[some, None], bounds[:, ::-1]], axis=1)
        lengths = np.diff(bounds, axis=1)
        starts = np.minimum(bounds[:, :-1], len(precision) - 1).ravel()
        best = np.maximum.reduceat(precision, starts).reshape(-1, 11)
        best[lengths == 0] = 0.0
        result[some] = np.maximum.accumulate(best, axis=1)[:, ::-1]
        return result

    def _precision_at_thresholds(self) -> np.ndarray:
        """Precision at each relevant candidate, whole mixed tie groups being one threshold."""
        t = self.ties
        if not len(t.row):
            return self.precision
        precision = self.precision.copy()
        last = self.ends[t.row] - t.before  # exclusive, ascending
        members = np.repeat(last - t.relevant, t.relevant)
        members += np.arange(len(members)) - np.repeat(t.relevant.cumsum() - t.relevant, t.relevant)
        precision[members] = np.repeat((t.before + t.relevant) / (t.above + t.count), t.relevant)
        return precision


class TorchRankedBlock:
    """Ranked queries from sorted torch keys (b, m), on their device; results are numpy arrays."""

    def __init__(self, keys):
        import torch

        m = keys.shape[1]
        self.torch, self.candidates = torch, m
        relevant = (keys & 1).flip(1)  # best first
        self.hits = relevant.cumsum(1)
        self.rank = torch.arange(1, m + 1, device=keys.device)
        precision = self.hits.double() / self.rank
        self.running = (precision * relevant).cumsum(1)
        self.relevant = relevant.bool()
        self.total = self.hits[:, -1].cpu().numpy()
        self.ties = self._mixed_ties(keys)
        self.precision = precision

    def _mixed_ties(self, keys) -> MixedTies:
        torch, m = self.torch, self.candidates
        row, column = ((keys[:, 1:] ^ keys[:, :-1]) == 1).nonzero(as_tuple=True)
        rows, which = torch.unique_consecutive(row, return_inverse=True)
        value = keys[row, column + 1]
        low, high = torch.empty_like(row), torch.empty_like(row)
        for i, r in enumerate(rows.tolist()):
            here = which == i
            low[here] = torch.searchsorted(keys[r], value[here] - 1)
            high[here] = torch.searchsorted(keys[r], value[here], right=True)
        above = m - high
        before = torch.where(above > 0, self.hits[row, (above - 1).clamp(min=0)], 0)
        groups = (row, above, before, high - low, high - column - 1)
        return MixedTies(*(g.cpu().numpy() for g in groups))

    def sums_at(self, depths: Iterable[int]) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """k -> sums of precisions, and hits, in the first k of the optimistic order: (b,) twice."""
        return {
            k: (self.running[:, k - 1].cpu().numpy(), self.hits[:, k - 1].cpu().numpy())
            for k in depths
        }

    def sums_before(self, row: np.ndarray, above: np.ndarray) -> np.ndarray:
        """Sums of precisions in the first `above` of the optimistic order of queries `row`."""
        torch, device = self.torch, self.running.device
        at = torch.from_numpy(np.maximum(above - 1, 0)).to(device)
        found = self.running[torch.from_numpy(row).to(device), at].cpu().numpy()
        return np.where(above > 0, found, 0.0)

    def precision_at_recall_levels(self) -> np.ndarray:
        """Interpolated precision (b, 11); see `fico_lib.metrics.precision_recall`."""
        torch, device = self.torch, self.running.device
        precision = torch.where(self.relevant, self.precision, 0.0)
        t = self.ties
        if len(t.row):  # a mixed tie group is one threshold: its relevant members stand first
            members = np.repeat(t.above, t.relevant) + np.arange(t.relevant.sum())
            members -= np.repeat(t.relevant.cumsum() - t.relevant, t.relevant)
            value = np.repeat((t.before + t.relevant) / (t.above + t.count), t.relevant)
            where = torch.from_numpy(np.repeat(t.row, t.relevant)).to(device)
            precision[where, torch.from_numpy(members).to(device)] = torch.from_numpy(value).to(
                device
            )
        best = precision.flip(1).cummax(1).values.flip(1)
        needed = torch.from_numpy(first_at_level(self.total)).to(device)
        first = torch.searchsorted(self.hits, needed.contiguous())
        found = best.gather(1, first.clamp(max=self.candidates - 1)).cpu().numpy()
        return np.where(self.total[:, None] > 0, found, 0.0)
