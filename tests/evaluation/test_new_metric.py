"""What one function and one entry of the registry give: a metric that everything knows."""

import csv
import io
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from fico_lib.cli import app
from fico_lib.encodings import Scores
from fico_lib.evaluation import evaluate
from fico_lib.metrics.recall import first_rank
from fico_lib.metrics.registry import METRICS, Metric
from fico_lib.report.runs import Runs
from fico_lib.runtime.errors import InputError

N = 6
OF = np.arange(30) // 5
SCORES = np.random.default_rng(0).random((N, 30))


def reciprocal_rank(above, count, relevant, ties):
    return 1 / first_rank(above, count, relevant, ties)


def reciprocal_rank_in_top_k(above, count, relevant, k, ties):
    rank = first_rank(above, count, relevant, ties)
    return np.where(rank <= k, 1 / rank, 0)


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    toys = (
        Metric("ToyRR", "mean reciprocal rank", "instance", "%", "RR", reciprocal_rank),
        Metric("TRR", "the same in the top k", "instance", "%", "TRR", reciprocal_rank_in_top_k,
               depths="recall_at"),
    )  # fmt: skip
    for toy in toys:
        monkeypatch.setitem(METRICS, toy.name, toy)


def ranks(scores, own):
    best = np.where(own, scores, -np.inf).max(1)
    return 1 + (scores > best[:, None]).sum(1)


OWN = np.arange(N)[:, None] == OF
EXPECTED = {
    "i2t": 100 * (1 / ranks(SCORES, OWN)).mean(),
    "t2i": 100 * (1 / ranks(SCORES.T, OWN.T)).mean(),
}


def test_the_evaluation_has_it():
    result = evaluate(Scores(SCORES, None, OF), recall_at=(1, 30))
    found = result.to_dict()["instance"]
    for direction, value in EXPECTED.items():
        entry = found[direction]
        assert entry["ToyRR"] == pytest.approx(value)
        assert entry["TRR@1"] == pytest.approx(entry["R@1"])
        assert entry["TRR@30"] == pytest.approx(value)
        assert entry["tie_interval"]["ToyRR"] == pytest.approx([value, value])
        assert 0 < entry["chance"]["ToyRR"] < value
        assert entry["chance_corrected"]["ToyRR"] < value
        assert result.instance[direction].per_query["RR"].mean() == pytest.approx(value)


def test_it_is_not_available_where_a_positive_was_not_scored():
    partial = SCORES.copy()
    partial[0] = np.where(OWN[0], -1, partial[0])
    found = evaluate(Scores(partial, SCORES.T, OF, missing=-1.0))
    assert found.instance["i2t"]["ToyRR"] is None
    assert found.instance["i2t"].tie_interval["ToyRR"] is None
    assert found.instance["t2i"]["ToyRR"] == pytest.approx(EXPECTED["t2i"])


def test_the_command_line_has_it(tmp_path):
    np.save(tmp_path / "s.npy", SCORES)
    per_query = tmp_path / "q.csv"

    def fico(*arguments):
        result = CliRunner().invoke(app, [*arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    def evaluated(format):
        source = ["--scores", str(tmp_path / "s.npy"), "--captions-per-image", "5"]
        return fico("evaluate", *source, "--format", format, "--per-query", str(per_query))

    line = next(line for line in evaluated("table").splitlines() if "ToyRR" in line)
    assert line.split()[:4] == ["instance", "i2t", "ToyRR", f"{EXPECTED['i2t']:.2f}"]
    rows = csv.DictReader(io.StringIO(evaluated("csv")))
    values = {
        r["direction"]: (float(r["value"]), r["unit"]) for r in rows if r["metric"] == "ToyRR"
    }
    assert values == {d: (pytest.approx(value), "%") for d, value in EXPECTED.items()}
    assert json.loads(evaluated("json"))["instance"]["t2i"]["ToyRR"] == pytest.approx(
        EXPECTED["t2i"]
    )
    values = [float(r["value"]) for r in csv.DictReader(per_query.open())
              if (r["direction"], r["metric"]) == ("t2i", "RR")]  # fmt: skip
    assert np.mean(values) == pytest.approx(EXPECTED["t2i"])
    assert {"ToyRR", "TRR@k"} <= {*fico("list").split()}


def test_a_chapter_estimates_it():
    runs = Runs({"vse": [evaluate(Scores(SCORES, None, OF))]}, N, 200)
    found = runs.estimate("vse", "t2i", "ToyRR")
    low, high = found.interval()
    assert found.value == pytest.approx(EXPECTED["t2i"])
    assert low < found.value < high
    with pytest.raises(InputError, match="'ToyRRR': did you mean 'ToyRR'"):
        runs.estimate("vse", "t2i", "ToyRRR")
    with pytest.raises(InputError, match="MedR: not a mean over queries"):
        runs.estimate("vse", "t2i", "MedR")
