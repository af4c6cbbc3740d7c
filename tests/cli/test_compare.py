"""`fico compare` on encodings, released folders and per-query files."""

import csv
import io
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from fico_lib.cli import app
from fico_lib.encodings import Embeddings, load
from fico_lib.evaluation import compare, evaluate
from fico_lib.runtime.errors import InputError

N, M = 20, 60
OF = np.arange(M) // 3


def fico(*arguments):
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    images, noise = rng.standard_normal((N, 8)), rng.standard_normal((M, 8))
    for name, level in (("good", 0.3), ("bad", 3.0)):
        ids = {"image_ids": [f"i{i}" for i in range(N)], "caption_ids": [f"c{i}" for i in range(M)]}
        texts = images[OF] + level * noise
        Embeddings(images, texts, OF, model=name, **ids).save(tmp_path / f"{name}.npz")
    np.save(tmp_path / "labels.npy", rng.random((N, 3)) < 0.4)
    return tmp_path


def test_encodings(folder):
    good, bad = folder / "good.npz", folder / "bad.npz"
    labels = np.load(folder / "labels.npy")
    ask = ["compare", good, bad, "--labels", folder / "labels.npy"]
    found = json.loads(fico(*ask, "--format", "json"))
    results = [evaluate(load(path), labels) for path in (good, bad)]
    assert found == compare(*results).to_dict()
    rows = list(csv.DictReader(io.StringIO(fico(*ask, "--format", "csv"))))
    assert [r["metric"] for r in rows] == [g["metric"] for g in found["differences"]]
    output = fico(*ask)
    assert "tied with the best" in output
    assert "good - bad" in output
    assert f"corrected for {len(rows)} differences" in output


def test_per_query_files_give_what_their_encodings_give(folder):
    for name in ("good", "bad"):
        fico("evaluate", "--encodings", folder / f"{name}.npz", "--labels", folder / "labels.npy",
             "--per-query", folder / f"{name}.csv")  # fmt: skip
    of_files = fico("compare", folder / "good.csv", folder / "bad.csv", "--format", "json")
    ask = ["--labels", folder / "labels.npy", "--format", "json"]
    of_encodings = fico("compare", folder / "good.npz", folder / "bad.npz", *ask)
    one, two = (
        {(r["model"], r["task"], r["direction"], r["metric"]): r
         for r in json.loads(text)["differences"]} for text in (of_files, of_encodings)
    )  # fmt: skip
    assert one.keys() == two.keys()
    for key, row in one.items():
        for name in ("difference", "low", "high", "p"):
            assert row[name] == pytest.approx(two[key][name], abs=1e-9)
    mixed = fico("compare", folder / "good.csv", folder / "bad.npz", "--metrics", "R@1,R@5",
                 "--format", "json")  # fmt: skip
    assert {r["metric"] for r in json.loads(mixed)["models"]} == {"R@1", "R@5"}


def test_a_released_folder(tmp_path):
    rng, released = np.random.default_rng(0), tmp_path / "results_data"
    released.mkdir()
    for model in ("beit3", "scan"):
        np.save(released / f"{model}_f30k_sim.npy", rng.random((4, 20)))
    np.save(released / "vsrn_coco_sim.npy", rng.random((3, 15)))
    ask = ["compare", released, "--dataset", "f30k", "--metrics", "R@1", "--format", "json"]
    assert [r["model"] for r in json.loads(fico(*ask))["models"]] == 2 * ["beit3", "scan"]
    with pytest.raises(InputError, match="differ"):
        fico("compare", released)


def test_latex_and_the_plot(folder):
    ask = ["compare", folder / "good.npz", folder / "bad.npz", "--names", "a_1,50%"]
    output = fico(*ask, "--metrics", "R@1,MeanR", "--format", "latex")
    lines = output.splitlines()
    assert lines[1] == r"\begin{tabular}{lrrrr}"
    assert r"a\_1 & \textbf{" in output
    assert r"50\% & " in output
    assert r"MeanR $\downarrow$" in output
    body = [line for line in lines if line.endswith(r"\\")]
    assert {line.count(" & ") for line in body} == {4}
    for kind, start in ((".svg", b"<?xml"), (".png", b"\x89PNG"), (".pdf", b"%PDF")):
        plot = folder / f"forest{kind}"
        fico(*ask, "--metrics", "R@1,R@5", "--plot", plot)
        assert plot.read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["good.npz"], "at least two"), (["good.npz", "nope.npz"], "no such file"),
        (["good.npz", "nope.csv"], "no such file"),
        (["good.npz", "bad.npz", "--names", "a,a"], "all different"),
        (["good.npz", "bad.npz", "--names", "a"], "names a of 2 results"),
        (["good.npz", "bad.npz", "--plot", "x.txt"], "--plot x.txt"),
        (["good.npz", "bad.npz", "--metrics", "R"], "unknown metric"),
        (["good.npz", "bad.npz", "--metrics", "MedR"], "no metric is common"),
        (["good.npz", "wrong.csv"], "found the columns a, b; expected task"),
        (["good.npz", "text.csv"], "line 2: 'x' is not a number"),
        (["good.npz", "twice.csv"], "has a query twice"),
        (["good.npz", "none.csv"], "no value of a metric"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(folder, monkeypatch, arguments, message):
    monkeypatch.chdir(folder)
    head = "task,direction,query,image,metric,value\n"
    (folder / "wrong.csv").write_text("a,b\n1,2\n")
    (folder / "text.csv").write_text(head + "instance,i2t,i0,i0,R@1,x\n")
    (folder / "twice.csv").write_text(head + 2 * "instance,i2t,i0,i0,R@1,1\n")
    (folder / "none.csv").write_text(head + "instance,i2t,i0,i0,Nope,1\n")
    with pytest.raises(InputError, match=message):
        fico("compare", *arguments)
    assert not (folder / "x.txt").exists()
