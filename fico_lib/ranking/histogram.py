"""Tie groups of codes: a histogram over the agreeing bits, no order of the candidates."""

import numpy as np


def agreement_groups(
    agreements: np.ndarray, relevance: np.ndarray, highest: int
) -> tuple[np.ndarray, np.ndarray]:
    """Candidates and relevant ones per number of agreeing bits, most first: (b, highest + 1) twice.

    agreements: (b, m) integers 0 ... highest; relevance: (b, m) bool.
    """
    keys = agreements.astype(np.intp)
    keys *= 2
    keys += relevance
    both = np.stack([np.bincount(row, minlength=2 * highest + 2) for row in keys])
    both = both.reshape(len(keys), highest + 1, 2)[:, ::-1]
    return both.sum(2), both[:, :, 1]
