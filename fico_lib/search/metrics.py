"""How much of the exact result an index returns, computed from the ids in its records."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch

from fico_lib.runtime.devices import resolve
from fico_lib.similarity.hamming import signs

SAME = 1e-6
Product = Callable[[int, int], float]
TILE = 16_384  # candidates at a time


def recall_1_at_k(ids: np.ndarray, nearest: np.ndarray, k: int) -> np.ndarray:
    """1-recall@k per query (n_queries,): is the true nearest neighbour among the first k?

    ids: (n_queries, ≥ k) as an index returned them; nearest: (n_queries,) true nearest neighbours.
    What the paper's Table 7 reports as R@k. Source: faiss, contrib/evaluation.py.
    """
    return (ids[:, :k] == nearest[:, None]).any(1).astype(np.float64)


def intersection_at_k(ids: np.ndarray, true_ids: np.ndarray, k: int) -> np.ndarray:
    """k-recall@k per query (n_queries,): the share of the true k nearest among the first k.

    ids: (n_queries, ≥ k), true_ids: (n_queries, ≥ k); no row repeats an id.
    Source: faiss, contrib/evaluation.py, `knn_intersection_measure`.
    """
    both = np.sort(np.concatenate([ids[:, :k], true_ids[:, :k]], 1), 1)
    return (both[:, 1:] == both[:, :-1]).sum(1) / k


def recalls_by_value(
    ids: np.ndarray, truth: tuple[np.ndarray, np.ndarray], k: int, product: Product
) -> tuple[np.ndarray, np.ndarray]:
    """1-recall@k and k-recall@k per query where vectors may be equally near: any of them counts.

    ids: (n_queries, ≥ k) as an index returned them, none counted twice; truth: inner products and
    ids (n_queries, depth ≥ k) of the nearest, best first; product: (query, id) -> inner product,
    asked only where ties go on beyond the depth. Products that differ by a millionth of the largest
    are equal: more is not told apart in float32. Source: ann-benchmarks, `plotting/metrics.py`,
    which compares distances with a small epsilon likewise.
    """
    one, several = np.zeros(len(ids)), np.zeros(len(ids))
    for query, (found, values, nearest) in enumerate(zip(ids[:, :k], *truth, strict=True)):
        slack = SAME * max(np.abs(values).max(), np.finfo(np.float32).tiny)
        best, kth = values[0] - slack, values[k - 1] - slack
        known = dict(zip(nearest.tolist(), values.tolist(), strict=True))
        beyond = values[-1] >= kth  # the list ends within the ties
        reached = [
            known[i] if i in known else product(query, i) if beyond else -np.inf
            for i in dict.fromkeys(found.tolist())
            if i >= 0
        ]
        one[query] = any(value >= best for value in reached)
        several[query] = sum(value >= kth for value in reached) / k
    return one, several


def recall_of_ties(less: np.ndarray, equal: np.ndarray, k: int) -> dict[str, np.ndarray]:
    """1-recall@k per query of an exhaustive search of codes, by how ties are broken.

    less, equal: (n_queries,) candidates that are nearer, in Hamming distance, than the true nearest
    neighbour, and candidates exactly as near, itself included. Keys of the result: "lost" (it loses
    every tie), "expected" (the mean over random orders), "won" (it wins every tie).
    """
    return {
        "lost": (less + equal <= k).astype(np.float64),
        "expected": ((k - less) / equal).clip(0, 1),
        "won": (less < k).astype(np.float64),
    }


def tied(
    queries: np.ndarray, gallery: np.ndarray, bits: int, nearest: np.ndarray, device: str = "auto"
) -> tuple[np.ndarray, np.ndarray]:
    """Per query, how many codes are nearer than that of `nearest`, and how many exactly as near.

    queries: (n_queries, bytes), gallery: (n, bytes) packed; nearest: (n_queries,) rows of the
    gallery, themselves counted as equally near. Returns two (n_queries,) int64.
    """

    def placed(codes: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(signs(codes, bits)).to(resolve(device))

    query_signs = placed(queries)
    agreeing = (query_signs * placed(gallery[nearest])).sum(1, keepdim=True)  # exact in float32
    less = torch.zeros(len(queries), dtype=torch.int64, device=query_signs.device)
    equal = torch.zeros_like(less)
    for start in range(0, len(gallery), TILE):
        products = query_signs @ placed(gallery[start : start + TILE]).T
        # Half the time of a sum in the default int64.
        less += (products > agreeing).sum(1, dtype=torch.int32)
        equal += (products == agreeing).sum(1, dtype=torch.int32)
    return less.cpu().numpy(), equal.cpu().numpy()


def front(rows: pd.DataFrame, cost: str, gain: str) -> pd.DataFrame:
    """The Pareto front: rows than which none is at most as costly and better, cheapest first.

    >>> rows = pd.DataFrame({"ms": [1.0, 2.0, 3.0], "recall": [50, 40, 90]})
    >>> front(rows, "ms", "recall")["recall"].tolist()
    [50, 90]
    """
    best, places = float("-inf"), []
    for place, row in rows.sort_values([cost, gain], ascending=[True, False]).iterrows():
        if row[gain] > best:
            best = row[gain]
            places.append(place)
    return rows.loc[places]
