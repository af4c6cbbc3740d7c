"""As `fico_lib.metrics.ranked`, of torch keys on their device; results are numpy arrays."""

import numpy as np
import torch

from fico_lib.metrics.discounted_gain import discount
from fico_lib.metrics.optimistic_sums import Depths, MixedTies, OptimisticSums
from fico_lib.metrics.precision_recall import first_at_level
from fico_lib.metrics.tie_groups import AT_R


def ranked_sums(keys: torch.Tensor, depths: Depths) -> tuple[OptimisticSums, np.ndarray]:
    """Sums at `depths` and interpolated precision (b, 11) of queries with sorted keys (b, m)."""
    m = keys.shape[1]
    relevant = (keys & 1).flip(1)  # best first
    hits = torch.nn.functional.pad(relevant.cumsum(1), (1, 0))  # in the first 0 ... m
    precision = hits[:, 1:].double() / torch.arange(1, m + 1, device=keys.device)
    precision *= relevant
    sums = torch.nn.functional.pad(precision.cumsum(1), (1, 0))
    total = hits[:, -1]

    def at(values: torch.Tensor, depth: torch.Tensor | int) -> np.ndarray:
        columns = torch.as_tensor(depth, device=keys.device).clamp(max=m).expand(len(keys))
        return values.gather(1, columns[:, None]).squeeze(1).cpu().numpy()

    by_k = {}
    for k in depths.ranks:
        depth = total if k == AT_R else k
        by_k[k] = at(sums, depth), at(hits, depth)
    best = torch.where(total > 0, relevant.argmax(1) + 1, 0)
    of_first, gains = {}, {}
    for k in depths.relevant:  # up to the rank at which the k-th one stands
        ranks = torch.searchsorted(hits, total.clamp(max=k)[:, None].contiguous()).squeeze(1)
        of_first[k] = at(sums, ranks)
    if depths.gains:
        discounts = torch.from_numpy(discount(m + 1)[1:]).to(keys.device)
        gained = torch.nn.functional.pad((relevant * discounts).cumsum(1), (1, 0))
        gains = {k: at(gained, k) for k in depths.gains}
    ties = _mixed_ties(keys, hits)
    found = OptimisticSums(total.cpu().numpy(), best.cpu().numpy(), ties, by_k, of_first, gains)
    return found, _interpolated(precision, hits, ties)


def _mixed_ties(keys: torch.Tensor, hits: torch.Tensor) -> MixedTies:
    """The groups; hits: relevant candidates in the first 0 ... m, (b, m + 1)."""
    b, m = keys.shape
    first = torch.ones_like(keys, dtype=torch.bool)  # of its tie group; each row begins one
    first[:, 1:] = keys[:, 1:] >> 1 != keys[:, :-1] >> 1
    starts = first.flatten().nonzero().squeeze(1)
    starts = torch.cat([starts, starts.new_full((1,), b * m)])
    row, column = ((keys[:, 1:] ^ keys[:, :-1]) == 1).nonzero(as_tuple=True)
    group = torch.searchsorted(starts, row * m + column, right=True)
    low, high = starts[group - 1] - row * m, starts[group] - row * m
    groups = (row, m - high, hits[row, m - high], high - low, high - column - 1)
    return MixedTies(*(g.cpu().numpy() for g in groups))


def _interpolated(precision: torch.Tensor, hits: torch.Tensor, t: MixedTies) -> np.ndarray:
    """Interpolated precision (b, 11); hits: in the first 0 ... m. See `precision_recall`."""
    if len(t.row):  # a mixed tie group is one threshold: its relevant members stand first
        members = np.repeat(t.above, t.relevant) + np.arange(t.relevant.sum())
        members -= np.repeat(t.relevant.cumsum() - t.relevant, t.relevant)
        value = np.repeat((t.before + t.relevant) / (t.above + t.count), t.relevant)
        where = (np.repeat(t.row, t.relevant), members)
        precision[where] = torch.from_numpy(value).to(precision.device)
    best = precision.flip(1).cummax(1).values.flip(1)
    total = hits[:, -1].cpu().numpy()
    needed = torch.from_numpy(first_at_level(total)).to(hits.device)
    first = torch.searchsorted(hits, needed.contiguous()) - 1
    found = best.gather(1, first.clamp(max=best.shape[1] - 1)).cpu().numpy()
    return np.where(total[:, None] > 0, found, 0.0)
