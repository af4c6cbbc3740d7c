"""Tie groups of codes: a histogram over the agreeing bits, no order of the candidates."""

import numpy as np


def agreement_groups(agreements, relevance, highest: int) -> tuple[np.ndarray, np.ndarray]:
    """Candidates and relevant ones per number of agreeing bits, most first: (b, highest + 1) twice.

    agreements: (b, m) integers 0 ... highest; relevance: (b, m) bool; both numpy or both torch.
    """
    if not isinstance(agreements, np.ndarray):
        return _tensor_groups(agreements, relevance, highest)
    keys = agreements.astype(np.intp)
    keys *= 2
    keys += relevance
    both = np.stack([np.bincount(row, minlength=2 * highest + 2) for row in keys])
    return _best_first(both, highest)


def _best_first(both: np.ndarray, highest: int) -> tuple[np.ndarray, np.ndarray]:
    both = both.reshape(len(both), highest + 1, 2)[:, ::-1]
    return both.sum(2), both[:, :, 1]


def _tensor_groups(agreements, relevance, highest: int) -> tuple[np.ndarray, np.ndarray]:
    import torch

    queries, width = len(agreements), 2 * highest + 2
    keys = agreements.long() * 2 + relevance
    keys += torch.arange(queries, device=keys.device)[:, None] * width
    both = torch.bincount(keys.flatten(), minlength=queries * width)
    return _best_first(both.reshape(queries, width).cpu().numpy(), highest)
