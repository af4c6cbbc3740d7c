"""Estimates behind claims about costs."""

import numpy as np
import pytest

from fico_lib.report.costs import cases


def test_a_time_is_from_its_fastest_to_its_slowest_repeat():
    time = cases.spread(2.0, 1.5, 3.0)
    assert time.value == 2.0
    assert time.interval() == (1.5, 3.0)
    assert time.interval(0.999) == (1.5, 3.0)


def test_a_ratio_has_the_worst_cases_as_its_ends():
    found = cases.ratio(cases.spread(6.0, 5.0, 8.0), cases.spread(2.0, 1.0, 4.0))
    assert found.value == 3.0
    assert found.interval() == (5 / 4, 8 / 1)


def test_a_fitted_slope_has_students_interval():
    low, high = cases.fitted(2.0, 0.1, sizes=4).interval()
    assert high - 2.0 == pytest.approx(0.1 * 4.303, rel=0.01)  # t of 2 degrees of freedom, 97.5 %
    assert 2.0 - low == pytest.approx(high - 2.0)


def test_a_line_through_two_sizes_has_no_error():
    assert cases.fitted(1.8, float("nan"), sizes=2).interval() == (1.8, 1.8)


def test_a_share_has_the_interval_of_a_binomial():
    low, high = cases.share(50.0, 1000).interval()
    half = 100 * 1.96 * np.sqrt(0.5 * 0.5 / 1000)
    assert (50 - low, high - 50) == pytest.approx((half, half), rel=0.15)
    assert cases.share(100.0, 30).interval() == (100.0, 100.0)


def test_shares_of_different_indexes_are_drawn_apart():
    first, second = cases.share(50.0, 100, seed=0), cases.share(50.0, 100, seed=1)
    assert not np.array_equal(first.draws, second.draws)
    assert np.array_equal(first.draws, cases.share(50.0, 100, seed=0).draws)
