"""A quantizer is fitted once per data set and number of bits, whichever indexes use it."""

import numpy as np
import pytest

from fico_lib.search import binarise, make
from fico_lib.search.dataset import of_synthetic
from fico_lib.search.fits import quantizer_fit
from fico_lib.search.measure import BenchmarkSettings, measure


@pytest.fixture
def problem():
    return of_synthetic(10, 600, 32, 300).in_memory()


@pytest.fixture
def fits(monkeypatch):
    """The (name, bits) of every fit that is made."""
    made, real = [], binarise.fit
    monkeypatch.setattr(
        binarise,
        "fit",
        lambda name, train, bits: made.append((name, bits)) or real(name, train, bits),
    )
    return made


def test_indexes_share_one_fit(problem, fits, tmp_path):
    settings = BenchmarkSettings(1, 1, 2, "m", tmp_path)
    jobs = [("code_flat", {}), ("code_ivf", {"n_lists": 4}), ("code_ivf", {"n_lists": 8}),
            ("code_flat", {"bits": 16})]  # fmt: skip
    seconds = []
    for name, build in jobs:
        (record,) = measure(problem, name, [({}, 5, "batch")], settings, **build)
        seconds.append(record.seconds["quantizer"])
    assert fits == [("itq", 64), ("itq", 16)]
    assert seconds[0] == seconds[1] == seconds[2] > 0


def test_other_data_have_a_fit_of_their_own(problem, fits, tmp_path):
    for data in (problem, of_synthetic(10, 700, 32, 300)):
        quantizer_fit(data, "itq", 8, 1, "m", tmp_path)
    assert len(fits) == 2


def test_a_shared_fit_gives_the_codes_of_its_own_fit(problem, tmp_path):
    shared = make("code_flat", 32, bits=16)
    shared.use(quantizer_fit(problem, "itq", 16, 1, "m", tmp_path))
    for index in (shared, alone := make("code_flat", 32, bits=16)):
        index.build(problem.train, problem.gallery.blocks())
    assert np.array_equal(shared.find(problem.queries, 5)[1], alone.find(problem.queries, 5)[1])
    assert alone.seconds["quantizer"] > 0
    assert abs(alone.seconds["fit"]) < alone.seconds["quantizer"]
