"""From measured batches to galleries, and the power laws of growth."""

import numpy as np
import pytest

from fico_lib.costs.extrapolated import Estimate, estimate, fit, together
from fico_lib.costs.measured import Measurement
from fico_lib.runtime.errors import InputError


def measurement(items, *seconds):
    return Measurement(items, seconds, 1.0, "cpu", "float32", 1, 0, 0)


def test_what_was_run_is_measured_and_the_rest_extrapolated():
    found = measurement(10, 1.0, 2.0, 6.0, 1.5, 3.0)
    assert estimate(found, 20) == Estimate(3.0, 3.0, 3.0, "measured")
    assert estimate(found, 15).seconds == 3.0  # two batches, the second not full
    assert estimate(found, 50).kind == "measured"
    more = estimate(found, 1000)
    assert more == Estimate(200.0, 100.0, 600.0, "extrapolated")


def test_a_sum_is_measured_only_where_all_parts_are():
    parts = [Estimate(1, 1, 1, "measured"), Estimate(2, 1, 3, "extrapolated")]
    assert together(parts) == Estimate(3, 2, 4, "extrapolated")
    assert together(parts[:1] * 2).kind == "measured"


def test_a_power_law_is_found_again():
    sizes = np.array([10, 20, 40, 80])
    found = fit(sizes, 3e-4 * sizes**1.7)
    assert found.exponent == pytest.approx(1.7)
    assert found.factor == pytest.approx(3e-4)
    assert found.error == pytest.approx(0, abs=1e-9)
    assert np.isnan(fit([1, 10], [2, 20]).error)


@pytest.mark.parametrize(("sizes", "seconds"), [([1], [1]), ([2, 2], [1, 3]), ([1, 2], [1, 0])])
def test_a_power_law_needs_two_sizes_and_positive_times(sizes, seconds):
    with np.errstate(divide="ignore"), pytest.raises(InputError, match="at least two"):
        fit(sizes, seconds)
