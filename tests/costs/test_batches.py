"""One item at a time and the largest batch that fits, on a clock that the tests turn."""

import pytest
import torch

from fico_lib.costs.batches import Budget, Timing, in_batches, one_after_the_other
from fico_lib.costs.measured import Measurement

CPU = torch.device("cpu")
BUDGET = Budget(seconds=1, longest=6, batch=32)


def timed(hands, seconds_of, budget=BUDGET) -> Timing:
    """The timing of what takes `seconds_of` a number of items."""
    return in_batches(lambda size: (hands.takes(seconds_of(size)), size), CPU, "float32", budget)


def items(timing: Timing) -> list[int]:
    return [found.items for found in timing.measurements]


def test_one_at_a_time_and_the_batch_that_is_asked_for(hands):
    found = timed(hands, lambda size: 0.01 + 0.001 * size)
    assert items(found) == [1, 32]
    assert found.measurements[0].per_item == pytest.approx(0.011)
    assert found.largest.per_item == pytest.approx(0.042 / 32)
    assert found.why == found.why_smaller == ""
    assert all(len(each.seconds) >= 5 for each in found.measurements)


def test_a_batch_need_not_be_a_power_of_two(hands):
    assert items(timed(hands, lambda size: 0.001, Budget(1, 6, batch=12))) == [1, 12]


def test_the_batch_leaves_room_for_five_repeats(hands):
    found = timed(hands, lambda size: 0.04 * size)
    assert items(found) == [1, 4]  # five times 0.16 s, where eight would take five times 0.32 s
    assert sum(found.largest.seconds) <= BUDGET.seconds
    assert found.why_smaller == "5 repeats of 8 would not fit in 1 s"


def test_no_batch_where_two_items_leave_no_room(hands):
    found = timed(hands, lambda size: 0.5 * size)
    assert items(found) == [1]
    assert found.why_smaller == "5 repeats of 2 would not fit in 1 s"
    assert hands.runs == 1 + 5


def test_what_takes_too_long_alone_is_not_measured(hands):
    found = timed(hands, lambda size: 2.0 * size)
    assert found.largest is None
    assert found.why == "5 repeats of one take 10 s, more than 6 s"
    assert hands.runs == 2


def test_a_batch_of_one_is_all_that_is_asked_for(hands):
    found = timed(hands, lambda size: 0.1, Budget(1, 6, batch=1))
    assert items(found) == [1]
    assert found.why_smaller == ""


def test_a_batch_that_turns_out_too_long_leaves_the_single_items(hands):
    slow = {2: (0.1, 9)}  # the first run of two items is quick, the next is not
    found = in_batches(
        lambda size: (hands.takes(*slow.get(size, (0.1,))), size),
        *(CPU, "float32", Budget(seconds=1, longest=6, batch=2)),
    )
    assert items(found) == [1]
    assert found.why_smaller == "5 repeats would take 45 s"


def test_a_batch_that_does_not_fit_in_memory(hands):
    def batches(size):
        torch.empty(1 << (58 if size > 4 else 1), dtype=torch.uint8)
        return hands.takes(0.001), size

    found = in_batches(batches, CPU, "float32", BUDGET)
    assert items(found) == [1, 4]
    assert found.why_smaller == "8 at once do not fit in memory"
    nothing = in_batches(lambda size: batches(8), CPU, "float32", BUDGET)
    assert nothing.why == "out of memory"
    assert nothing.needed_bytes > 1 << 58


def test_stages_are_summed_per_item():
    first = Measurement(4, (4.0, 8.0, 4.0, 4.0, 4.0), 12.0, "cpu", "float32", 2, 100, 5)
    second = Measurement(2, (1.0, 1.0, 3.0, 1.0, 1.0, 1.0), 2.0, "cpu", "float32", 2, 300, 1)
    both = one_after_the_other([first, second])
    assert both.items == 2
    assert both.seconds == (3.0, 5.0, 5.0, 3.0, 3.0)
    assert both.warm_up_seconds == 8.0
    assert (both.peak_host_bytes, both.peak_device_bytes) == (300, 5)
    assert one_after_the_other([first]) == first
