"""`fico bench-search` on small arrays: a table, a plot, a sentence; and what is wrong, told."""

import numpy as np
import pytest
from typer.testing import CliRunner

from fico_lib import cli
from fico_lib.runtime.errors import InputError


@pytest.fixture
def arrays(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    x = np.tanh(rng.normal(size=(650, 6)) @ rng.normal(size=(6, 24)))
    np.save(tmp_path / "g.npy", x[:600])
    np.save(tmp_path / "q.npy", x[600:])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bench(*arguments):
    how = ["bench-search", "--vectors", "g.npy", "--queries", "q.npy", "--threads", "1"]
    result = CliRunner(env={"COLUMNS": "120"}).invoke(cli.app, [*how, *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


FEW = ("--singles", "3", "--repeats", "1")


def test_table_plot_and_recommendation(arrays):
    said = bench(*FEW, "--bits", "32", "64", "--indexes", "flat", "hnsw", "screen",
                 "--table", "rows.csv")  # fmt: skip
    assert "HNSW32 (ef_search 64)" in said
    assert "32-bit ITQ codes, then exact" in said
    assert "64-bit ITQ codes, then exact" in said
    assert "IVF" not in said
    assert "To keep at least 95 % of the nearest neighbours" in said.replace("\n", " ")
    assert (arrays / "bench-search.svg").stat().st_size > 5000
    header, *rows = (arrays / "rows.csv").read_text().splitlines()
    assert "one_recall_percent" in header
    assert len(rows) > 10


def test_a_second_run_measures_nothing_again(arrays, monkeypatch):
    first = bench(*FEW, "--indexes", "flat,hnsw", "--plot", "a.png")
    monkeypatch.setattr("fico_lib.search.measure.make", None)
    assert (
        bench(*FEW, "--indexes", "flat,hnsw", "--plot", "b.png").replace("b.png", "a.png") == first
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--indexes", "hnws"], "unknown index 'hnws': did you mean 'hnsw'"),
        (["--indexes", "hnsw", "scren"], "unknown index 'scren': did you mean 'screen'"),
        (["--bits", "many"], "--bits: found 'many'"),
        (["--bits", "1000000"], "expected at most 16384"),
        (["--packed", "8", "--measure", "cosine"], "--packed takes no --measure"),
        (["--packed", "24"], "found float64 of width 24; expected uint8"),
        (["--queries", "bytes.npy"], "bytes.npy: found uint8, which may be packed"),
        (["--table", "g.npy/t.csv"], "--table g.npy/t.csv: .* is a file, not a folder"),
        (["--cache", "g.npy"], "--cache .*is a file"),
        (["--truth", "q.npy"], "q.npy: float64 of shape"),
        (["--bits", "0"], "--bits: found '0'"),
        (["--memory", "little"], "memory: found 'little'"),
        (["--memory", "100MB"], "no gallery fits"),
        (["--plot", "x.doc"], "expected a name that ends in .svg"),
        (["--k", "700"], "k: found 700; expected 1 to 600"),
        (["--vectors", "nothing.npy"], "nothing.npy: no such file"),
        (["--queries", "narrow.npy"], "vectors have 24 dimensions, queries 3"),
        (["--queries", "zero.npy"], "queries: row 1 is zero and has no cosine"),
        (["--queries", "nan.npy"], "queries: row 0 holds NaN"),
        (["--queries", "flat.npy"], r"flat.npy: found shape \(24,\)"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_built(arrays, arguments, message, monkeypatch):
    np.save(arrays / "narrow.npy", np.ones((4, 3)))
    np.save(arrays / "zero.npy", np.stack([np.ones(24), np.zeros(24)]))
    np.save(arrays / "nan.npy", np.full((2, 24), np.nan))
    np.save(arrays / "flat.npy", np.ones(24))
    np.save(arrays / "bytes.npy", np.ones((3, 24), np.uint8))
    monkeypatch.setattr("fico_lib.search.measure.make", None)
    with pytest.raises(InputError, match=message):
        bench(*arguments)
    assert not list(arrays.glob("*.svg"))
