"""The steps of models at their sizes: what is measured, what is shared, and what is not run."""

import pytest
import torch

from fico_lib.costs.architectures import paper_model
from fico_lib.costs.architectures.model import build
from fico_lib.costs.batches import Budget
from fico_lib.costs.steps import Stopwatch, measure_step, pair_batch
from fico_lib.report.costs.rows import all_facts

CPU = torch.device("cpu")
TINY = Budget(seconds=0.01, longest=600, memory_bytes=10**9, batch=2)


@pytest.fixture(scope="module")
def known():
    return all_facts()


def measured(known, name, step, rate=1e12, budget=TINY, watch=None):
    watch = watch or Stopwatch(CPU, {"float32": rate}, budget)
    model = build(paper_model(name))
    return model, measure_step(model, known[name], step, "float32", watch)


@pytest.mark.parametrize("step", ["image", "text", "pair"])
def test_a_step_is_measured_alone_and_in_a_batch(known, hands, step):
    _, cost = measured(known, "scan", step)  # no time passes on this clock: every batch fits
    one, largest = cost.timing.measurements
    assert one.items == 1
    assert largest.items == (2 * 8 if step == "pair" else 2)
    assert len(one.seconds) == len(largest.seconds) == 25
    assert largest.dtype == "float32"


def test_an_encoder_that_two_models_share_is_timed_once(known):
    watch = Stopwatch(CPU, {"float32": 1e12}, TINY)
    _, scan = measured(known, "scan", "text", watch=watch)
    imram, same = measured(known, "imram", "text", watch=watch)
    assert same.timing == scan.timing
    assert same.stages == scan.stages == ("GRU", "unit vectors, text")
    assert all(weight.is_meta for weight in imram.gru.parameters())  # it was never run


def test_a_layer_that_models_share_counts_in_each(known, hands):
    watch = Stopwatch(CPU, {"float32": 1e12}, TINY)
    _, long = measured(known, "adv2048", "image", watch=watch)
    timed = list(watch.done)
    _, short = measured(known, "adv64", "image", watch=watch)
    assert long.stages[:-1] == short.stages[:-1] == ("layer over regions", "second layer")
    assert [name for name, _ in watch.done if (name, "float32") not in timed] == [
        "code of 64 bits, image"
    ]


def test_what_failed_once_is_not_tried_again(known):
    watch = Stopwatch(CPU, {"float32": 1e12}, Budget(seconds=0.01, longest=1e-9, batch=1))
    watch.rates["float32"] = 1e30  # by which it would fit
    _, scan = measured(known, "scan", "text", watch=watch)
    _, imram = measured(known, "imram", "text", watch=watch)
    assert scan.timing is imram.timing
    assert scan.timing.why.startswith("5 repeats of one take")
    assert scan.timing.largest is None


def test_weights_beyond_the_memory_are_not_made(known):
    model, cost = measured(known, "scan", "text", budget=Budget(memory_bytes=1000))
    assert cost.timing.largest is None
    assert cost.timing.why == "out of memory"
    weights = sum(p.numel() for m in model.parts("text") for p in m.parameters())
    assert cost.timing.needed_bytes == 4 * weights


def test_a_step_that_would_take_too_long_at_the_best_rate_is_not_begun(known):
    model, cost = measured(known, "scan", "text", rate=1e3)
    assert cost.timing.largest is None
    assert cost.timing.why.startswith("ideally, 5 repeats of one take")
    assert all(weight.is_meta for weight in model.parameters())


def test_a_step_that_does_not_exist(known):
    assert measured(known, "vsrn", "pair")[1].timing.why == "no such step"


@pytest.mark.parametrize(("name", "pairs"), [("scan", 3 * 12), ("imram", 3)])
def test_pairs_come_in_blocks_where_they_share_work(known, name, pairs):
    model = build(paper_model(name))
    for size, expected in ((1, 1), (3, pairs)):
        assert pair_batch(model, known[name], CPU, "float32", size)[1] == expected
