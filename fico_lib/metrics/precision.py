"""Precision and recall at a depth, from ranked queries."""

import numpy as np

from fico_lib.metrics.tie_groups import AT_R, Ranking


def precision_at_k(ranking: Ranking, k: int, ties: str) -> np.ndarray:
    """P@k (n,): relevant candidates in the first k, divided by k (also where fewer exist).

    Source: Manning, Raghavan and Schütze 2008, "Introduction to Information Retrieval", Section
    8.4; trec_eval's `P`.

    >>> from fico_lib.metrics.tie_groups import TieGroups
    >>> precision_at_k(TieGroups([[1, 2]], [[0, 1]]), 2, "expected")
    array([0.25])
    """
    return ranking.hits(k, ties) / k


def r_precision(ranking: Ranking, ties: str) -> np.ndarray:
    """R-Precision (n,): P@R, with R the number of the query's relevant candidates.

    0 for a query with none. Source: as `precision_at_k`; trec_eval's `Rprec`.

    >>> from fico_lib.metrics.tie_groups import TieGroups
    >>> r_precision(TieGroups([[1, 1, 1]], [[1, 0, 1]]), "expected")
    array([0.5])
    """
    return ranking.hits(AT_R, ties) / np.maximum(ranking.total, 1)


def recall_at_k(ranking: Ranking, k: int, ties: str) -> np.ndarray:
    """Recall (n,) as the paper's Eq. 1 reads: relevant ones in the first k, divided by R.

    0 for a query with none.

    >>> from fico_lib.metrics.tie_groups import TieGroups
    >>> recall_at_k(TieGroups([[1, 2]], [[1, 1]]), 2, "expected")
    array([0.75])
    """
    return ranking.hits(k, ties) / np.maximum(ranking.total, 1)
