"""Precisions at the first relevant members of a tie group, when ties are broken at random."""

from math import exp, log

import numpy as np

from fico_lib.runtime.compiled import compiled


def precision_of_first(above, before, count, relevant, x) -> np.ndarray:
    """Mean sum (n,) of the precisions at the first x relevant members of each tie group.

    above, before, count, relevant, x: (n,) int, x <= relevant; as in `precision_sums`. The member
    at place p of the group is relevant with chance relevant / count; how many of the p - 1 before
    it are, H, is then hypergeometric. It counts while H < x, with precision
    (before + 1 + H) / (above + p):

        relevant / count * sum over p of E[(before + 1 + H) 1{H < x}] / (above + p)

    >>> one = [np.array([n]) for n in (0, 0, 3, 2, 1)]  # orders 110, 101, 011: (1 + 1 + 1/2) / 3
    >>> precision_of_first(*one).round(4)
    array([0.8333])
    """
    groups = np.stack([np.asarray(v, np.int64) for v in (above, before, count, relevant, x)])
    found = np.zeros(groups.shape[1])
    _sums(groups, found)
    return found


@compiled()
def _sums(groups, found):
    """Fill `found`. P(H < x) and E[H 1{H < x}] follow from those of one draw less."""
    for g in range(groups.shape[1]):
        above, before, count, relevant, x = groups[:, g]
        if x == 0:
            continue
        others, wanted = count - 1, relevant - 1  # besides the member itself
        mass, moment = 1.0, 0.0  # P(H < x), E[H 1{H < x}] after `drawn`
        edge = 0.0  # log P(H = x - 1)
        for i in range(x - 1):
            edge += log((wanted - i) / (others - i))
        total = 0.0
        for drawn in range(count):
            total += ((before + 1) * mass + moment) / (above + drawn + 1)
            left = others - drawn
            if left == 0:
                break
            at = 0.0
            if drawn >= x - 1 and wanted - (x - 1) <= left:
                at = exp(edge)
            lost = at * (wanted - (x - 1)) / left
            moment += (wanted * (mass - at) - (moment - (x - 1) * at)) / left - (x - 1) * lost
            mass -= lost
            if drawn >= x - 1:
                fewer = left - wanted + (x - 1)
                if fewer <= 0:
                    break
                edge += log((drawn + 1) / (drawn + 2 - x) * fewer / left)
        found[g] = total * relevant / count
