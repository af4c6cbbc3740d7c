"""Vectors as people have them: repeated, of odd dimensions, packed, of 8 bits, in large files."""

import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from fico_lib import cli
from fico_lib.chapters.search import bench
from fico_lib.formats import write_array
from fico_lib.runtime.errors import InputError
from fico_lib.search.dataset import of_arrays
from fico_lib.search.exact import exact
from fico_lib.search.measure import BenchmarkSettings
from fico_lib.search.metrics import recalls_by_value

RNG = np.random.default_rng(0)


def settings(tmp_path):
    return BenchmarkSettings(1, 1, 2, "here", tmp_path / "cache", "cpu")


def rows_of(tmp_path, problem, indexes, k=10, bits=(), quantizer=""):
    rows, left_out = bench.bench(
        problem, indexes, bits, k, 8 * 10**9, settings(tmp_path), quantizer
    )
    assert not left_out
    return rows


def test_equally_near_vectors_are_equally_right(tmp_path):
    """A gallery with each vector 20 times: exact search finds all, whichever copies it lists."""
    gallery = np.repeat(RNG.standard_normal((60, 16)), 20, axis=0)[RNG.permutation(1200)]
    problem = of_arrays("twins", gallery, RNG.standard_normal((40, 16)), "cosine")
    rows = rows_of(tmp_path, problem, ["flat", "hnsw"])
    exact_rows = rows[rows["index"] == "flat"]
    assert (exact_rows["one_recall_percent"] == 100).all()
    assert (exact_rows["k_recall_percent"] == 100).all()


def test_ties_beyond_the_list_of_the_nearest_count_too(tmp_path):
    gallery = np.repeat(RNG.standard_normal((2, 8)), 1500, axis=0)
    problem = of_arrays("two", gallery, RNG.standard_normal((5, 8)), "inner_product")
    rows = rows_of(tmp_path, problem, ["flat"])
    assert (rows["k_recall_percent"] == 100).all()


def test_recall_by_value_by_hand():
    truth = np.array([[3.0, 3, 2, 1]]), np.array([[7, 5, 2, 4]])
    product = {6: 1.0, 9: -5.0}.__getitem__

    def recall(ids, k):
        one, several = recalls_by_value(np.array([ids]), truth, k, lambda q, i: product(i))
        return float(one[0]), float(several[0])

    assert recall([5, 7, 2, 4], 1) == (1, 1)  # 5 is as near as 7
    assert recall([2, 5, 9, 9], 2) == (1, 0.5)
    assert recall([7, 7, 7, 7], 2) == (1, 0.5)  # the same one again is no second
    assert recall([2, 4, -1, -1], 2) == (0, 0)
    assert recall([7, 5, 2, 6], 4) == (1, 1)  # 6 ties with the last that is listed
    assert recall([7, 5, 2, 9], 4) == (1, 0.75)


@pytest.mark.parametrize("dimension", [25, 27, 50, 257])
def test_odd_dimensions_are_padded_or_left_out_and_said(tmp_path, dimension):
    gallery = RNG.standard_normal((400, dimension))
    problem = of_arrays("odd", gallery, gallery[:5], "cosine")
    names = ["flat", "ivf_pq", "rabitq", "ivf_rabitq", "code_flat"]
    rows, left_out = bench.bench(problem, names, [32], 3, 8 * 10**9, settings(tmp_path))
    assert set(rows["index"]) | left_out.keys() == set(names)
    assert not left_out


def test_an_index_that_faiss_refuses_is_left_out_with_its_reason(tmp_path, monkeypatch):
    def refuse(problem, name, *rest, **build):
        if name == "hnsw":
            raise RuntimeError("Error in void faiss::X() at X.cpp:1: Error: 'd % M == 0' failed")
        return kept(problem, name, *rest, **build)

    kept = bench.measure
    monkeypatch.setattr(bench, "measure", refuse)
    problem = of_arrays("x", RNG.standard_normal((100, 8)), RNG.standard_normal((3, 8)))
    rows, left_out = bench.bench(problem, ["flat", "hnsw"], [], 3, 8 * 10**9, settings(tmp_path))
    assert set(rows["index"]) == {"flat"}
    assert left_out == {"hnsw": "'d % M == 0' failed"}
    with pytest.raises(InputError, match=r"no index can be made .*hnsw: 'd % M == 0' failed"):
        bench.bench(problem, ["hnsw"], [], 3, 8 * 10**9, settings(tmp_path))


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_cosine_does_not_depend_on_lengths(scale):
    gallery, queries = RNG.standard_normal((50, 8)), RNG.standard_normal((4, 8))
    found = exact(of_arrays("x", gallery * scale, queries * scale, "cosine"), 5, "cpu")[1]
    unit = [side / np.linalg.norm(side, axis=1, keepdims=True) for side in (gallery, queries)]
    np.testing.assert_array_equal(found, np.argsort(-(unit[1] @ unit[0].T), axis=1)[:, :5])


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int8, np.uint8])
def test_euclidean_search_finds_the_nearest(kind):
    gallery, queries = (RNG.integers(0, 120, (n, 12)).astype(kind) for n in (300, 20))
    distances = np.linalg.norm(queries[:, None].astype(float) - gallery, axis=2)
    values, ids = exact(of_arrays("x", gallery, queries, "euclidean"), 4, "cpu")
    np.testing.assert_allclose(
        np.take_along_axis(distances, ids, 1), np.sort(distances, axis=1)[:, :4], rtol=1e-4
    )
    assert (np.diff(values, axis=1) <= 0).all()


@pytest.mark.parametrize("bits", [64, 60])
def test_packed_codes_are_searched_by_their_own_bits(tmp_path, bits):
    plain = RNG.integers(0, 2, (500, bits)).astype(bool)
    codes = np.packbits(plain, axis=1)
    asked = plain[:20] ^ (np.arange(bits) % 7 == 0)
    problem = of_arrays("codes", codes, np.packbits(asked, axis=1), bits=bits)
    distances = (asked[:, None] ^ plain).sum(2)
    _, ids = exact(problem, 3, "cpu")
    np.testing.assert_array_equal(
        np.take_along_axis(distances, ids, 1), np.sort(distances, axis=1)[:, :3]
    )
    rows = rows_of(tmp_path, problem, ["code_flat"], 3, [bits], "truncated_sign")
    assert (rows["k_recall_percent"] == 100).all()
    assert (rows["bits"] == bits).all()


def command(*arguments):
    result = CliRunner(env={"COLUMNS": "160"}).invoke(
        cli.app, ["bench-search", "--threads", "1", "--singles", "2", "--repeats", "1", *arguments]
    )
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


@pytest.fixture
def sift(tmp_path, monkeypatch):
    """A gallery as of SIFT: 8-bit numbers in bvecs, Euclidean, with a ground truth in ivecs."""
    monkeypatch.chdir(tmp_path)
    gallery, queries = (RNG.integers(0, 200, (n, 16)).astype(np.uint8) for n in (300, 10))
    distances = np.linalg.norm(queries[:, None].astype(float) - gallery, axis=2)
    write_array("base.bvecs", gallery)
    write_array("query.bvecs", queries)
    write_array("truth.ivecs", np.argsort(distances, axis=1)[:, :20])
    return ("--vectors", "base.bvecs", "--queries", "query.bvecs", "--indexes", "flat")


def test_a_set_of_benchmark_files_with_its_truth(sift):
    said = command(*sift, "--measure", "euclidean", "--truth", "truth.ivecs", "--table", "t.csv")
    for written in ("plot: bench-search.svg", "table: t.csv", "next run: cache/search"):
        assert written in said
    assert "100.0" in said
    with pytest.raises(InputError, match="uint8, which may be packed codes"):
        command(*sift)
    with pytest.raises(InputError, match=r"truth.ivecs: neighbour 1 of query .* is farther"):
        command(*sift, "--measure", "inner_product", "--truth", "truth.ivecs")
    with pytest.raises(InputError, match="k: found 30; the ground truth has 20"):
        command(*sift, "--measure", "euclidean", "--truth", "truth.ivecs", "--k", "30")


def test_packed_codes_on_the_command_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    codes = RNG.integers(0, 256, (300, 8)).astype(np.uint8)
    np.save("g.npy", codes)
    np.save("q.npy", codes[:9])
    said = command("--vectors", "g.npy", "--queries", "q.npy", "--packed", "64", "--k", "1")
    assert "64-bit sign codes, exhaustive" in said


LARGE = """
import numpy as np
from fico_lib.formats import read_array
from fico_lib.search.dataset import of_arrays
from fico_lib.search.exact import exact
def peak():
    with open("/proc/self/status") as status:
        lines = dict(line.split(":") for line in status)
    print(int(lines["VmHWM"].split()[0]) - int(lines["RssFile"].split()[0]))
problem = of_arrays("large", read_array("g.npy"), read_array("q.npy"), "euclidean")
peak()
exact(problem, 3, "cpu")
peak()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_mapped_gallery_is_never_whole_in_memory(tmp_path):
    """1.2 GB of vectors in a sparse file: what the process holds beside the map stays small."""
    np.lib.format.open_memmap(tmp_path / "g.npy", "w+", np.float32, (300_000, 1000)).flush()
    np.save(tmp_path / "q.npy", np.ones((2, 1000), np.float32))
    done = subprocess.run(
        [sys.executable, "-c", LARGE], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    opened, searched = (int(line) / 1000 for line in done.stdout.split())  # MB
    assert max(opened, searched) < 900  # torch, and 20,000 vectors to train on
