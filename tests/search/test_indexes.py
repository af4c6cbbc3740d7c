"""Indexes: exact ids and distances against numpy, settings, and results that are refused."""

import faiss
import numpy as np
import pytest

from fico_lib.runtime.errors import InputError
from fico_lib.search import (
    INDEXES,
    binarise,
    index_entry,
    make,
    query_arguments,
    unavailable_reason,
)
from fico_lib.search.dataset import of_synthetic
from fico_lib.search.exact import exact, ground_truth
from fico_lib.search.index import SearchError, check_results
from fico_lib.search.metrics import recall_1_at_k
from fico_lib.search.threads import search_settings

N, D, K = 3000, 32, 10
SMALL = {"n_lists": 16}


@pytest.fixture(scope="module")
def problem():
    return of_synthetic(60, N, D, 1024).in_memory()


@pytest.fixture(scope="module")
def truth(problem):
    scores = problem.queries.astype(np.float64) @ problem.gallery.block(0, N).T
    return np.argsort(-scores, axis=1, kind="stable"), np.sort(-scores, axis=1)


def built(problem, name, **build):
    return make(name, D, **build).build(problem.train, problem.gallery.blocks())


def test_ground_truth_is_numpys(problem, truth, tmp_path):
    values, ids = exact(problem, K, "cpu")
    assert np.array_equal(ids, truth[0][:, :K])
    np.testing.assert_allclose(values, -truth[1][:, :K], rtol=1e-5)
    problem.gallery.block_rows = lambda: 700  # the same from several blocks
    try:
        assert np.array_equal(exact(problem, K, "cpu")[1], ids)
    finally:
        del problem.gallery.block_rows
    for _ in range(2):  # computed, then kept
        assert np.array_equal(ground_truth(problem, K, "cpu", tmp_path)[1], ids)
    assert len(list(tmp_path.iterdir())) == 1


def test_ground_truth_in_tiles(problem, truth, monkeypatch):
    monkeypatch.setattr("fico_lib.search.exact.QUERY_TILE", 7)
    monkeypatch.setattr("fico_lib.search.exact.GALLERY_TILE", 130)
    assert np.array_equal(exact(problem, K, "cpu")[1], truth[0][:, :K])


@pytest.mark.parametrize("queries", [1, 60])  # by faiss's loop, and by BLAS
def test_flat_is_exact(problem, truth, queries):
    with search_settings(1, D):
        values, ids = built(problem, "flat").search(problem.queries[:queries], K)
    assert np.array_equal(ids, truth[0][:queries, :K])
    np.testing.assert_allclose(values, -truth[1][:queries, :K], rtol=1e-5)


def test_settings_are_put_back():
    before = faiss.cvar.distance_compute_blas_threshold, faiss.omp_get_max_threads()
    with search_settings(1, 100):
        assert faiss.cvar.distance_compute_blas_threshold == 400
        assert faiss.omp_get_max_threads() == 1
    assert (faiss.cvar.distance_compute_blas_threshold, faiss.omp_get_max_threads()) == before


@pytest.mark.parametrize("bits", [8, 20, 64, 136])
def test_hamming_distances_are_numpys(problem, bits):
    index = built(problem, "code_flat", bits=bits, quantizer="hyperplanes")
    distances, ids = index.search(problem.queries, N)
    codes = index.projection.encode(problem.gallery.block(0, N))
    asked = index.projection.encode(problem.queries)
    real = np.unpackbits(asked[:, None] ^ codes, axis=2).sum(2)
    assert np.array_equal(np.take_along_axis(real, ids, 1), distances)
    assert (np.diff(distances, axis=1) >= 0).all()
    assert (np.sort(ids, axis=1) == np.arange(N)).all()


@pytest.mark.parametrize("name", [n for n, entry in INDEXES.items() if not entry.gpu])
def test_every_index_finds_more_than_chance_and_knows_its_size(problem, truth, name):
    lists = SMALL if "n_lists" in index_entry(name).build else {}
    index = built(problem, name, **lists)
    sweep = {"ef_search": [64], "n_probe": [16], "rerank_k": [100]}
    (query,) = query_arguments(name, sweep)
    values, ids = index.search(problem.queries, K, **query)
    assert values.shape == ids.shape == (60, K)
    assert recall_1_at_k(ids, truth[0][:, 0], K).mean() > (0.2 if index_entry(name).codes else 0.9)
    assert index.size_bytes() >= N * (8 if index_entry(name).codes else 20)
    assert set(index.seconds) == {"quantizer", "fit", "code", "add"}


def test_hnsw_of_many_results_is_flat_over_k(problem, truth):
    index = built(problem, "hnsw")
    _, ids = index.search(problem.queries, 100, ef_search=100)
    recalls = [recall_1_at_k(ids, truth[0][:, 0], k).mean() for k in (1, 10, 100)]
    assert max(recalls) - min(recalls) < 0.02
    assert index.index.hnsw.efConstruction == 40
    assert index.index.metric_type == faiss.METRIC_INNER_PRODUCT


def test_a_screen_of_everything_is_exact(problem, truth):
    index = built(problem, "screen", bits=64)
    _, ids = index.search(problem.queries, K, rerank_k=N)
    assert np.array_equal(ids, truth[0][:, :K])
    with pytest.raises(InputError, match="rerank_k: found 5; expected at least k = 10"):
        index.search(problem.queries, K, rerank_k=5)


def test_bfloat16_tiles_run_on_cpu_tensors_too(problem, truth):
    index = make("gpu_bf16", D, device="cpu").build(problem.train, problem.gallery.blocks())
    _, ids = index.search(problem.queries, K)
    assert recall_1_at_k(ids, truth[0][:, 0], K).mean() == 1
    assert index.size_bytes() == 2 * D * N


def test_a_gpu_index_says_why_it_cannot_be_had():
    if faiss.get_num_gpus() if hasattr(faiss, "get_num_gpus") else 0:
        pytest.skip("there is a GPU")
    assert "faiss" in unavailable_reason("gpu_flat")
    assert unavailable_reason("hnsw") == ""
    with pytest.raises(InputError, match="index 'gpu_flat': faiss"):
        make("gpu_flat", D)
    with pytest.raises(InputError, match="did you mean 'hnsw'"):
        make("hnws", D)


def test_missing_results_are_refused(problem):
    ids = np.array([[0, 1], [2, -1]])
    with pytest.raises(SearchError, match="1 of 2 queries got fewer results"):
        check_results(ids, ids, 5, "it")
    with pytest.raises(SearchError, match="ids from 0 to 7"):
        check_results(ids, np.array([[0, 7]]), 5, "it")
    few = np.array([[0, 1, -1]])
    assert check_results(few, few, 2, "it")[1] is few  # k beyond n: there are no more
    index = built(problem, "code_ivf", n_lists=64)
    with pytest.raises(SearchError, match="got fewer results"):
        index.search(problem.queries, 500, n_probe=1)


def test_the_setting_that_returns_nothing_is_caught(problem):
    index = built(problem, "code_ivf", n_lists=16)
    assert index.index.use_heap  # faiss's default, never changed here
    index.index.use_heap = False
    with pytest.raises(SearchError, match="60 of 60 queries"):
        index.search(problem.queries, K, n_probe=16)


@pytest.mark.parametrize("name", binarise.QUANTIZERS)
def test_binary_quantizers_keep_neighbours(problem, name):
    fitted = binarise.fit(name, problem.train, 24)
    codes = fitted.encode(problem.gallery.block(0, 200))
    assert codes.shape == (200, 3)
    assert codes.dtype == np.uint8
    again = binarise.fit(name, problem.train, 24).encode(problem.gallery.block(0, 200))
    assert np.array_equal(codes, again)
    bits = np.unpackbits(codes, axis=1)
    x = problem.gallery.block(0, 200)
    near = np.argsort(-(x @ x.T), axis=1)[:, 1:11]
    distance = (bits[:, None] != bits).sum(2)
    assert np.take_along_axis(distance, near, 1).mean() < distance.mean() - 1


def test_itq_loses_less_than_pca_and_can_have_more_bits_than_dimensions(problem):
    x = problem.train

    def loss(projection):
        y = (x - projection.mean) @ projection.matrix
        return ((np.sign(y) - y) ** 2).mean()

    itq, pca = (binarise.fit(name, x, 16) for name in ("itq", "pca_sign"))
    assert loss(itq) < loss(pca)
    np.testing.assert_allclose(itq.matrix.T @ itq.matrix, np.eye(16), atol=1e-4)
    assert binarise.fit("itq", x, 3 * D + 5).bits == 3 * D + 5
    assert binarise.fit("hyperplanes", x, 5 * D).bits == 5 * D
    for name in ("pca_sign", "truncated_sign"):
        with pytest.raises(InputError, match=f"{D + 1} bits of {D} dimensions"):
            binarise.fit(name, x, D + 1)
    with pytest.raises(InputError, match="did you mean 'itq'"):
        binarise.fit("itqq", x, 8)
    with pytest.raises(InputError, match="bits: found 0"):
        binarise.fit("itq", x, 0)


def test_truncated_sign_is_the_sign():
    x = np.array([[1.0, -1, 2, -3, 0, 1, 1, 1, -1]], np.float32)
    codes = binarise.fit("truncated_sign", x, 9).encode(x)
    assert np.unpackbits(codes[0], count=9).tolist() == [1, 0, 1, 0, 0, 1, 1, 1, 0]
