"""The clock and what is made of it; nothing here depends on how fast a machine is."""

import time

import numpy as np
import pytest
import torch

from fico_lib.costs.architectures import paper_model
from fico_lib.costs.extrapolated import Estimate, estimate, fit, together
from fico_lib.costs.measured import Measurement, OutOfMemoryError, dtype_of, gemm_rate, measure
from fico_lib.costs.scaling import all_pairs, best_k
from fico_lib.costs.steps import Budget, measure_step
from fico_lib.report.costs.rows import all_facts
from fico_lib.runtime.errors import InputError

CPU = torch.device("cpu")
TINY = Budget(seconds=0.01, longest=5, memory_bytes=10**9, batch=2)


@pytest.fixture(scope="module")
def known():
    return all_facts()


def measurement(items, *seconds):
    return Measurement(items, seconds, 1.0, "cpu", "float32", 1, 0, 0)


def test_a_warm_up_and_at_least_one_repeat():
    calls = []
    found = measure(lambda: calls.append(1), 4, CPU, seconds=0)
    assert len(calls) == 2
    assert len(found.seconds) == 1
    assert found.items == 4


def test_repeats_end_when_the_items_are_done():
    found = measure(lambda: None, 4, CPU, seconds=60, most=10)
    assert len(found.seconds) == 3


def test_repeats_end_with_the_time():
    found = measure(lambda: time.sleep(0.01), 1, CPU, seconds=0.05)
    assert 1 <= len(found.seconds) <= 5
    assert found.per_item >= 0.01
    assert found.spread[0] <= found.per_item <= found.spread[1]
    assert found.peak_host_bytes > 0
    assert found.peak_device_bytes == 0


def test_the_warm_up_is_not_among_the_repeats():
    waits = iter([0.05, 0, 0])
    found = measure(lambda: time.sleep(next(waits)), 1, CPU, seconds=60, most=2)
    assert found.warm_up_seconds >= 0.05
    assert max(found.seconds) < 0.05


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


def test_what_was_run_is_measured_and_the_rest_extrapolated():
    found = measurement(10, 1.0, 2.0, 6.0)
    assert estimate(found, 20) == Estimate(3.0, 3.0, 3.0, "measured")
    assert estimate(found, 15).seconds == 3.0  # two batches, the second not full
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


@pytest.mark.parametrize("step", ["image", "text", "pair"])
def test_a_step_is_measured(known, step):
    model = paper_model("scan")()
    found = measure_step(model, known["scan"], step, CPU, "float32", 1e12, TINY)
    assert found.why == ""
    assert found.measurement.items >= 1
    assert found.measurement.dtype == "float32"


def test_the_batch_leaves_room_for_repeats(known):
    model = paper_model("scan")()
    slow = known["scan"].flops.image / 0.002  # a device that takes 2 ms for an image
    found = measure_step(model, known["scan"], "image", CPU, "float32", slow, TINY)
    assert found.measurement.items == 1


def test_weights_beyond_the_memory_are_not_made(known):
    model = paper_model("scan")()
    budget = Budget(memory_bytes=1000)
    found = measure_step(model, known["scan"], "text", CPU, "float32", 1e12, budget)
    assert found.measurement is None
    assert found.why == "out of memory"
    assert found.needed_bytes == 4 * sum(p.numel() for m in model.parts("text")
                                         for p in m.parameters())  # fmt: skip


def test_a_step_that_takes_too_long_is_not_run(known):
    model = paper_model("scan")()
    found = measure_step(model, known["scan"], "text", CPU, "float32", 1e3, TINY)
    assert found.measurement is None
    assert "a batch of one would take" in found.why


def test_a_step_that_does_not_exist(known):
    found = measure_step(paper_model("vsrn")(), known["vsrn"], "pair", CPU, "float32", 1e12, TINY)
    assert found.why == "no such step"


@pytest.mark.parametrize("images", [3, 40])
def test_galleries_are_scored_pair_by_pair(known, images):
    """Counted by a model that only counts: all pairs once, and k of each query."""

    class Counting:
        pairs = 0

        def score(self, v, w):
            self.pairs += len(v) * len(w)

    texts, k = 2 * images, 5
    counted = Counting()
    all_pairs(counted, known["scan"], images, texts, CPU, "float32")()
    assert counted.pairs == images * texts
    counted = Counting()
    best_k(counted, known["scan"], images, texts, k, CPU, "float32")()
    assert counted.pairs == images * min(k, texts) + texts * min(k, images)
