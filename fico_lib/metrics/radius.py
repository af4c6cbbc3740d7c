"""Hash lookup: precision and recall of what lies within a Hamming radius.

A radius takes whole tie groups, so no tie rule is needed. retrieved, found, total: (n,) int, the
candidates within the radius, the relevant ones among them, all relevant ones.
"""

import numpy as np


def precision_within(retrieved: np.ndarray, found: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Relevant share (n,) of what lies within the radius; 0 where nothing does.

    Source: Liu et al. 2012, "Supervised Hashing with Kernels", Section 5: a lookup that finds
    nothing has zero precision.

    >>> precision_within(np.array([4, 0]), np.array([1, 0]), np.array([2, 2]))
    array([0.25, 0.  ])
    """
    return found / np.maximum(retrieved, 1)


def recall_within(retrieved: np.ndarray, found: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Share (n,) of the relevant candidates that lies within the radius; 0 where there are none.

    >>> recall_within(np.array([4, 0]), np.array([1, 0]), np.array([2, 2]))
    array([0.5, 0. ])
    """
    return found / np.maximum(total, 1)
