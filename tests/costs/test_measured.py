"""The clock; the tests turn its hands, so that nothing here depends on how fast a machine is."""

import pytest
import torch

from fico_lib.costs.measured import (
    MOST,
    REPEATS,
    Measurement,
    OutOfMemoryError,
    TooLongError,
    dtype_of,
    gemm_rate,
    measure,
)
from fico_lib.runtime.errors import InputError

CPU = torch.device("cpu")


def test_a_warm_up_and_five_repeats_at_least(hands):
    calls = []
    found = measure(lambda: calls.append(1), 4, CPU, seconds=0)
    assert len(calls) == 1 + REPEATS == 6
    assert len(found.seconds) == 5
    assert found.items == 4


def test_repeats_end_with_the_time(hands):
    found = measure(hands.takes(0.125), 2, CPU, seconds=1)
    assert found.seconds == (0.125,) * 7
    assert found.per_item == 0.0625
    assert found.peak_host_bytes > 0
    assert found.peak_device_bytes == 0


def test_quick_repeats_end_when_a_median_gains_no_more(hands):
    assert len(measure(hands.takes(0.001), 1, CPU, seconds=60).seconds) == MOST


def test_the_warm_up_is_not_among_the_repeats(hands):
    found = measure(hands.takes(9, 1, 2, 3, 5, 4), 1, CPU, seconds=0)
    assert found.warm_up_seconds == 9
    assert found.per_item == 3
    assert found.spread == (1, 5)


def test_what_is_too_long_ends_with_the_run_that_shows_it(hands):
    with pytest.raises(TooLongError) as raised:
        measure(hands.takes(7), 1, CPU, longest=6)
    assert raised.value.seconds == 35
    assert hands.runs == 1
    with pytest.raises(TooLongError, match="5 repeats would take 10 s"):
        measure(hands.takes(2), 1, CPU, longest=6)
    assert hands.runs == 1 + 2
    with pytest.raises(TooLongError):
        measure(hands.takes(1, 1, 1, 4), 1, CPU, longest=6)
    assert hands.runs == 3 + 4


def test_what_fits_is_not_too_long(hands):
    assert len(measure(hands.takes(5, 1), 1, CPU, seconds=0, longest=5).seconds) == 5
    assert len(measure(hands.takes(1), 1, CPU, seconds=9, longest=5).seconds) == 8


@pytest.mark.parametrize("repeats", [0, 1, 4])
def test_there_is_no_measurement_of_fewer_repeats(repeats):
    with pytest.raises(ValueError, match=f"found {repeats} repeats; expected at least 5"):
        Measurement(1, (1.0,) * repeats, 1.0, "cpu", "float32", 1, 0, 0)


def test_out_of_memory_tells_what_would_have_been_needed():
    with pytest.raises(OutOfMemoryError) as raised:
        measure(lambda: torch.empty(1 << 58, dtype=torch.uint8), 1, CPU)
    assert raised.value.needed_bytes > 1 << 58


def test_other_errors_stay_what_they_are():
    with pytest.raises(ZeroDivisionError):
        measure(lambda: 1 / 0, 1, CPU)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        measure(lambda: torch.ones(2, 3) @ torch.ones(2, 3), 1, CPU)


def test_a_matrix_product_has_a_rate():
    assert 1e6 < gemm_rate(CPU, "float32", size=64) < 1e15


def test_an_unknown_dtype_suggests_the_nearest():
    with pytest.raises(InputError, match="unknown dtype 'float23': did you mean 'float"):
        dtype_of("float23")
