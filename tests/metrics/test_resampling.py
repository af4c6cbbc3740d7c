"""Bootstrap draws that are shared: against the plain bootstrap, and paired."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fico_lib.metrics.resampling import Resampling
from fico_lib.metrics.uncertainty import bootstrap_interval
from fico_lib.runtime.errors import InputError

ONE_EACH = np.arange(200)


def test_intervals_are_those_of_the_plain_bootstrap():
    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(200), 5)
    values = rng.random(1000) + rng.random(200)[clusters]
    ours = Resampling(200, 4000).estimate([values], clusters).interval()
    theirs = bootstrap_interval(values, clusters, samples=4000)
    assert ours == pytest.approx(theirs, abs=0.01)
    unclustered = Resampling(1000, 4000).estimate([values], np.arange(1000)).interval()
    assert unclustered[1] - unclustered[0] < 0.7 * (ours[1] - ours[0])


def test_differences_are_paired():
    values = np.random.default_rng(1).random(200)
    resampling = Resampling(200)
    a, b = (resampling.estimate([v], ONE_EACH) for v in (values + 0.1, values))
    assert (a - b).value == pytest.approx(0.1)
    assert (a - b).interval() == pytest.approx((0.1, 0.1))  # the same in every draw
    assert (a + b).value == pytest.approx(2 * values.mean() + 0.1)


def test_runs_that_differ_widen_the_interval():
    values = np.random.default_rng(2).random(200)
    alike = Resampling(200).estimate([values, values, values], ONE_EACH)
    apart = Resampling(200).estimate([values - 0.3, values, values + 0.3], ONE_EACH)
    assert apart.value == pytest.approx(alike.value)
    width = [high - low for low, high in (alike.interval(), apart.interval())]
    assert width[1] > 3 * width[0]


@given(st.integers(1, 20), st.floats(-1e6, 1e6))
def test_equal_values_have_an_interval_of_no_width(n, value):
    found = Resampling(n, 50).estimate([np.full(n, value)], np.arange(n))
    assert found.value == pytest.approx(value)
    assert found.interval() == pytest.approx((value, value))


def test_queries_left_out_do_not_count():
    values = np.array([1.0, np.nan, 1.0])
    found = Resampling(3, 500).estimate([values], np.arange(3))
    assert found.value == 1
    assert found.interval() == (1, 1)


def test_wrong_input_is_refused():
    resampling = Resampling(3, 10)
    with pytest.raises(InputError, match="no query has a value"):
        resampling.estimate([np.full(3, np.nan)], np.arange(3))
    with pytest.raises(InputError, match="expected one each, of 3 images"):
        resampling.estimate([np.ones(4)], np.arange(4))
    with pytest.raises(InputError, match=r"found \(2,\) values"):
        resampling.estimate([np.ones(2)], np.arange(3))
    with pytest.raises(InputError, match="level: found 2"):
        resampling.estimate([np.ones(3)], np.arange(3)).interval(2)
