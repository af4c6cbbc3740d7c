"""Mixed tie groups are found wherever they lie, also where two strips of keys meet."""

import numpy as np
import pytest

from fico_lib.metrics.ranked import STRIP, borders


@pytest.mark.parametrize("size", [0, 1, 2, STRIP, STRIP + 1, 2 * STRIP + 3])
@pytest.mark.parametrize("kind", [np.int32, np.int64])
def test_borders_are_where_the_last_bit_alone_differs(size, kind):
    keys = np.sort(np.random.default_rng(0).integers(-size, size + 1, size).astype(kind))
    expected = [i for i in range(1, size) if keys[i] ^ keys[i - 1] == 1]
    assert borders(keys).tolist() == expected


def test_a_group_across_two_strips():
    keys = np.array([0] * STRIP + [1, 4], np.int32)
    assert borders(keys).tolist() == [STRIP]
