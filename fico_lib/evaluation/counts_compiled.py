"""What `counts.count_each` does for few positives: a pass over the scores for each of them."""

import numpy as np

from fico_lib.runtime.compiled import compiled


@compiled()
def count_each_positive(scores, positives, above, equal):
    """Fill above and equal (b, p) for positives (b, p), -1 where there is none; scores (b, m)."""
    for i in range(len(scores)):
        row = scores[i]
        for slot in range(positives.shape[1]):
            if positives[i, slot] < 0:
                continue
            value = row[positives[i, slot]]
            higher, same = np.int32(0), np.int32(0)  # as wide as the scores: more fit a register
            for j in range(len(row)):
                higher += np.int32(row[j] > value)
                same += np.int32(row[j] == value)
            above[i, slot], equal[i, slot] = higher, same
