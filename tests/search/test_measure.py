"""Measurements: kept raw and resumed; recall by hand; memory refused with its arithmetic."""

import numpy as np
import pandas as pd
import pytest

from fico_lib.runtime.errors import InputError
from fico_lib.search import measure as measuring
from fico_lib.search import memory
from fico_lib.search.dataset import of_synthetic
from fico_lib.search.float_index import FloatIndex
from fico_lib.search.measure import BenchmarkSettings, measure
from fico_lib.search.metrics import (
    front,
    intersection_at_k,
    recall_1_at_k,
    recall_of_ties,
    tied,
)

IDS = np.array([[3, 1, 2], [5, 6, 7]])
TRUE = np.array([[1, 3, 9], [7, 8, 9]])


def test_recalls_by_hand():
    assert recall_1_at_k(IDS, TRUE[:, 0], 1).tolist() == [0, 0]
    assert recall_1_at_k(IDS, TRUE[:, 0], 2).tolist() == [1, 0]
    assert recall_1_at_k(IDS, TRUE[:, 0], 3).tolist() == [1, 1]
    assert intersection_at_k(IDS, TRUE, 2).tolist() == [1, 0]
    np.testing.assert_allclose(intersection_at_k(IDS, TRUE, 3), [2 / 3, 1 / 3])


def test_k_recall_is_the_intersection_of_two_sets():
    rng = np.random.default_rng(0)
    ids, true = (rng.permuted(np.tile(np.arange(30), (50, 1)), axis=1) for _ in range(2))
    for k in (1, 7, 30):
        common = [len({*a} & {*b}) for a, b in zip(ids[:, :k], true[:, :k], strict=True)]
        np.testing.assert_array_equal(intersection_at_k(ids, true, k), np.array(common) / k)


def test_ties_by_hand():
    found = recall_of_ties(np.array([2]), np.array([4]), 3)
    assert {kind: v.tolist() for kind, v in found.items()} == {
        "lost": [0], "expected": [0.25], "won": [1],
    }  # fmt: skip
    assert recall_of_ties(np.array([2]), np.array([4]), 2)["won"].tolist() == [0]
    assert recall_of_ties(np.array([2]), np.array([4]), 6)["lost"].tolist() == [1]


def test_expected_under_ties_is_the_mean_over_shuffles():
    rng = np.random.default_rng(0)
    bits = rng.random((300, 8)) < 0.5
    codes, asked = np.packbits(bits, 1), np.packbits(rng.random((20, 8)) < 0.5, 1)
    right = rng.integers(0, 300, 20)
    less, equal = tied(asked, codes, 8, right, "cpu")
    distance = np.unpackbits(asked[:, None] ^ codes, axis=2).sum(2)
    own = distance[np.arange(20), right][:, None]
    assert np.array_equal(less, (distance < own).sum(1))
    assert np.array_equal(equal, (distance == own).sum(1))
    hits = []
    for _ in range(400):
        order = rng.permutation(300)
        ranked = order[np.argsort(distance[:, order], axis=1, kind="stable")]
        hits.append(recall_1_at_k(ranked, right, 50))
    np.testing.assert_allclose(
        np.mean(hits, 0), recall_of_ties(less, equal, 50)["expected"], atol=0.12
    )


def test_the_front_has_what_no_other_beats():
    rows = pd.DataFrame({"ms": [2.0, 1, 3, 1, 9], "recall": [90.0, 50, 80, 60, 90]})
    assert front(rows, "ms", "recall")[["ms", "recall"]].to_numpy().tolist() == [[1, 60], [2, 90]]


@pytest.fixture
def problem():
    return of_synthetic(20, 800, 16, 300).in_memory()


def conditions(tmp_path, **changed):
    return BenchmarkSettings(**{"threads": 1, "repeats": 2, "singles": 4, "machine": "m",
                         "cache": tmp_path} | changed)  # fmt: skip


ASKED = [({"ef_search": 32}, 5, "batch"), ({"ef_search": 32}, 5, "single")]


def test_records_hold_raw_ids_distances_and_times(problem, tmp_path):
    batch, single = measure(problem, "hnsw", ASKED, conditions(tmp_path))
    assert batch.ids.shape == batch.distances.shape == (20, 5)
    assert single.ids.shape == (4, 5)
    assert len(batch.times) == 2
    assert len(single.times) == 4
    assert (batch.mode, batch.threads, single.threads) == ("batch", 1, 1)
    assert batch.milliseconds() == pytest.approx(1e3 * np.median(batch.times) / 20)
    assert single.milliseconds(100) == pytest.approx(1e3 * single.times.max())
    assert batch.bytes_per_vector > 64
    products = (problem.queries[:, None] * problem.gallery.block(0, 800)[batch.ids]).sum(2)
    np.testing.assert_allclose(batch.distances, products, rtol=1e-4)


def test_a_killed_run_resumes(problem, tmp_path, monkeypatch):
    first = measure(problem, "hnsw", ASKED[:1], conditions(tmp_path))
    builds = []
    real = FloatIndex.build
    monkeypatch.setattr(FloatIndex, "build", lambda *a: builds.append(1) or real(*a))
    again = measure(problem, "hnsw", ASKED[:1], conditions(tmp_path))
    assert not builds
    assert np.array_equal(first[0].times, again[0].times)
    measure(problem, "hnsw", ASKED, conditions(tmp_path))  # one of two is kept
    assert len(builds) == 1
    measure(problem, "hnsw", ASKED, conditions(tmp_path, machine="another"))
    measure(problem.head(700), "hnsw", ASKED, conditions(tmp_path))
    assert len(builds) == 3


def test_too_few_results_are_a_record_that_says_so(problem, tmp_path):
    asked = [({"n_probe": 1}, 400, mode) for mode in ("batch", "single")]
    for record in measure(problem, "code_ivf", asked, conditions(tmp_path), n_lists=32):
        assert "got fewer results (-1)" in record.refused
        assert not record.ids.size


def test_nothing_half_written_stays(problem, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(measuring.np, "savez", fail)
    with pytest.raises(KeyboardInterrupt):
        measure(problem, "flat", [({}, 5, "batch")], conditions(tmp_path))
    assert not list(tmp_path.iterdir())


SIZE = {"n_queries": 1000, "n_train": 20_000, "dimension": 2048, "k": 1000}


def test_memory_is_refused_with_the_arithmetic_and_the_largest_size():
    with pytest.raises(
        InputError, match=r"largest gallery that fits has ([\d,]+) vectors"
    ) as error:
        memory.check(5_000_000, indexes=["hnsw"], limit=16 * 10**9, **SIZE)
    text = str(error.value)
    assert "memory: 5,000,000 vectors of 2048 dimensions" in text
    assert "index 42." in text  # GB of 5M vectors and their links
    largest = int(text.split("fits has ")[1].split(" vectors")[0].replace(",", ""))
    assert memory.check(largest, indexes=["hnsw"], limit=16 * 10**9, **SIZE) is False
    with pytest.raises(InputError):
        memory.check(largest + 1, indexes=["hnsw"], limit=16 * 10**9, **SIZE)
    with pytest.raises(InputError, match="no gallery fits"):
        memory.check(1000, indexes=["flat"], limit=10**9, **SIZE)


def test_the_sizes_of_the_profiles_fit():
    assert memory.check(20_000, indexes=["hnsw"], limit=3 * 10**9, **SIZE)
    small = SIZE | {"dimension": 256}
    assert memory.check(100_000, indexes=["hnsw", "screen"], limit=3 * 10**9, **small)
    assert memory.check(500_000, indexes=["hnsw"], limit=16 * 10**9, **SIZE)


@pytest.mark.parametrize("name", ["flat", "hnsw", "ivf_sq8", "ivf_pq", "rabitq", "screen",
                                  "code_flat", "code_hnsw"])  # fmt: skip
def test_the_arithmetic_is_near_what_an_index_takes(tmp_path, name):
    problem = of_synthetic(5, 2000, 64, 500).in_memory()
    asked = [({"rerank_k": 10} if name in ("rabitq", "screen") else {}, 5, "batch")]
    lists = {"n_lists": 8} if "ivf" in name else {}
    (record,) = measure(problem, name, asked, conditions(tmp_path), **lists)
    guessed = memory.bytes_per_vector(name, 64)
    assert 0.75 * record.bytes_per_vector - 40 < guessed
    assert guessed < 4 * record.bytes_per_vector + 320
