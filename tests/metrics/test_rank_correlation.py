"""Kendall's tau is scipy's, also with ties, and along the last axis."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from fico_lib.metrics.rank_correlation import kendall_tau


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=12))
def test_it_is_that_of_scipy(pairs):
    x, y = np.array(pairs).T
    expected = kendalltau(x, y).statistic
    np.testing.assert_allclose(kendall_tau(x, y), expected, atol=1e-12)


def test_by_hand():
    # Of six pairs one is turned round: (5 - 1) / 6.
    assert kendall_tau([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(4 / 6)
    assert np.isnan(kendall_tau([1, 1], [1, 2]))


def test_it_runs_along_the_last_axis():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 5, (2, 7, 6))
    rows = [kendall_tau(a, b) for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(kendall_tau(x, y), rows)
