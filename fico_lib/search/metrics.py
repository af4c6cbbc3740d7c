"""How much of the exact result an index returns, computed from the ids that were kept."""

import numpy as np
import pandas as pd

from fico_lib.runtime.devices import resolve
from fico_lib.similarity.hamming import signs

TILE = 16_384  # candidates at a time


def one_recall(ids: np.ndarray, nearest: np.ndarray, k: int) -> np.ndarray:
    """1-recall@k per query (n_queries,): is the true nearest neighbour among the first k?

    ids: (n_queries, ≥ k) as an index returned them; nearest: (n_queries,) true nearest neighbours.
    What the paper's Table 7 reports as R@k. Source: faiss, contrib/evaluation.py.
    """
    return (ids[:, :k] == nearest[:, None]).any(1).astype(np.float64)


def k_recall(ids: np.ndarray, true_ids: np.ndarray, k: int) -> np.ndarray:
    """k-recall@k per query (n_queries,): the share of the true k nearest among the first k.

    ids: (n_queries, ≥ k), true_ids: (n_queries, ≥ k); no id stands twice in a row.
    """
    both = np.sort(np.concatenate([ids[:, :k], true_ids[:, :k]], 1), 1)
    return (both[:, 1:] == both[:, :-1]).sum(1) / k


def recall_of_ties(less: np.ndarray, equal: np.ndarray, k: int) -> dict[str, np.ndarray]:
    """1-recall@k per query of an exhaustive search of codes, by what becomes of ties.

    less, equal: (n_queries,) how many candidates are nearer than the true nearest neighbour is in
    Hamming distance, and how many are as near (itself among them). lost: all ties lost; expected:
    the mean over random orders; won: all ties won.
    """
    return {
        "lost": (less + equal <= k).astype(np.float64),
        "expected": ((k - less) / equal).clip(0, 1),
        "won": (less < k).astype(np.float64),
    }


def tied(
    queries: np.ndarray, gallery: np.ndarray, bits: int, nearest: np.ndarray, device: str = "auto"
) -> tuple[np.ndarray, np.ndarray]:
    """Per query, how many codes are nearer than that of `nearest`, and how many as near.

    queries: (n_queries, bytes), gallery: (n, bytes) packed; nearest: (n_queries,) rows of the
    gallery, each counted among the equal. Returns two (n_queries,) int64.
    """
    import torch

    where = resolve(device)
    asked = torch.from_numpy(signs(queries, bits)).to(where)
    right = torch.from_numpy(signs(gallery[nearest], bits)).to(where)
    agreeing = (asked * right).sum(1, keepdim=True)  # sums of ±1: exact in float32
    less = torch.zeros(len(asked), dtype=torch.int64, device=where)
    equal = torch.zeros_like(less)
    for start in range(0, len(gallery), TILE):
        tile = torch.from_numpy(signs(gallery[start : start + TILE], bits)).to(where)
        products = asked @ tile.T
        # Half the time of a sum in the default int64.
        less += (products > agreeing).sum(1, dtype=torch.int32)
        equal += (products == agreeing).sum(1, dtype=torch.int32)
    return less.cpu().numpy(), equal.cpu().numpy()


def front(rows: pd.DataFrame, cost: str, gain: str) -> pd.DataFrame:
    """The rows for which no other has at most the cost and more of the gain, cheapest first.

    >>> rows = pd.DataFrame({"ms": [1.0, 2.0, 3.0], "recall": [50, 40, 90]})
    >>> front(rows, "ms", "recall")["recall"].tolist()
    [50, 90]
    """
    best, kept = float("-inf"), []
    for place, row in rows.sort_values([cost, gain], ascending=[True, False]).iterrows():
        if row[gain] > best:
            best = row[gain]
            kept.append(place)
    return rows.loc[kept]
