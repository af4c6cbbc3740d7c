"""Which queries and candidates share a label, from label sets as bit masks."""

import numpy as np

from fico_lib.runtime.compiled import compiled


def shared_labels(queries: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """(b, m) bool from masks (words, b) and (words, m) uint64: is there a bit both have?"""
    shared = np.empty((queries.shape[1], candidates.shape[1]), bool)
    _share(queries, candidates, shared)
    return shared


@compiled()
def _share(queries, candidates, shared):
    for i in range(len(shared)):
        row, mask = shared[i], queries[0, i]
        for j in range(len(row)):
            row[j] = (mask & candidates[0, j]) != 0
        for word in range(1, len(queries)):
            mask = queries[word, i]
            for j in range(len(row)):
                row[j] |= (mask & candidates[word, j]) != 0
