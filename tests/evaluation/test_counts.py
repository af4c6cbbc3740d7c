"""Counting what stands above each positive: every way gives what comparing does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fico_lib.evaluation.counts import count_each


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.uint8, np.int32])
@pytest.mark.parametrize("few", [0, 12])
@settings(max_examples=30, deadline=None)
@given(
    hnp.arrays(np.int8, st.tuples(st.integers(1, 4), st.integers(1, 9)),
               elements=st.integers(0, 3)), st.data(),
)  # fmt: skip
def test_each_positive(kind, few, values, data):
    scores = values.astype(kind)
    b, m = scores.shape
    positives = data.draw(hnp.arrays(np.int64, (b, 3), elements=st.integers(-1, m - 1)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fico_lib.evaluation.counts.FEW", few)
        for in_order in (False, True):
            above, equal = count_each(scores, positives, in_order)
            for (i, slot), column in np.ndenumerate(positives):
                if column < 0:
                    continue
                higher, same = scores[i] > scores[i, column], scores[i] == scores[i, column]
                if in_order:
                    assert above[i, slot] == higher.sum() + same[:column].sum()
                    assert equal[i, slot] == 1
                else:
                    assert (above[i, slot], equal[i, slot]) == (higher.sum(), same.sum())
