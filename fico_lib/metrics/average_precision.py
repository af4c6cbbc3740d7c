"""Average precision at k from tie groups, exactly (FiCo-ITR, Section 3, Eq. 2 and below it).

AP@k sums, over the relevant candidates in the first k, the share of relevant ones down to it, and
divides by `denominator`: `hits` (relevant ones in the first k; fico-itr, UCCH, torchmetrics), `min`
(the most there could be, min(k, R)) or `total` (R, all relevant candidates; trec_eval, ranx). Under
`relevant` the sum is another one too: over the first min(k, R) relevant candidates, wherever they
rank, divided by their number (`calc_map_k` of DCMH and the hashing code that copies it).
"""

import numpy as np

from fico_lib.metrics.tie_groups import AT_R, Ranking, TieGroups


def average_precision_at_k(
    count: np.ndarray,
    relevant: np.ndarray,
    k: int,
    denominator: str = "hits",
    ties: str = "expected",
) -> np.ndarray:
    """AP@k of queries given as tie groups, best score first.

    count, relevant: (n, groups) int, candidates and relevant candidates per group (0 and 0 is
    fine). Returns (n,) float64 in [0, 1]; 0 for a query with nothing relevant.

    Relevant at ranks 1 and 3: (1/1 + 2/3) / 2. If these two tie with the one between them, the mean
    over the three orders 110, 101, 011 is (1 + 5/6 + 7/12) / 3.

    >>> one = np.array([[1, 1, 1]])
    >>> average_precision_at_k(one, np.array([[1, 0, 1]]), k=3).round(4)
    array([0.8333])
    >>> average_precision_at_k(np.array([[3]]), np.array([[2]]), k=3).round(4)
    array([0.8056])
    """
    return average_precision(TieGroups(count, relevant), k, ties, denominator)


def average_precision(ranking: Ranking, k: int, ties: str, denominator: str) -> np.ndarray:
    """AP@k (n,) of ranked queries."""
    if denominator == "relevant":
        return ranking.precision_of_first(k, ties)
    return ranking.average_precision(k, denominator, ties)


def average_precision_at_r(ranking: Ranking, ties: str) -> np.ndarray:
    """AP@R (n,): the precisions at the relevant ones of the first R, divided by R.

    Source: Musgrave, Belongie and Lim 2020, "A Metric Learning Reality Check", Section 3.2 (MAP@R);
    Chun et al. 2022, "ECCV Caption", Section 4.1.

    Relevant at ranks 1 and 3 of four, R = 2: precision 1 at rank 1, nothing at rank 2.

    >>> average_precision_at_r(TieGroups([[1, 1, 1, 1]], [[1, 0, 1, 0]]), "expected")
    array([0.5])
    """
    return ranking.average_precision(AT_R, "total", ties)
