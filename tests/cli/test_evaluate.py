"""`fico evaluate` on arrays in files."""

import csv
import io
import json

import numpy as np
import pytest

from fico_lib.encodings import Codes, Embeddings, Scores
from fico_lib.evaluation import audit, evaluate, evaluate_two_sets
from fico_lib.metrics.presets import preset
from fico_lib.runtime.errors import InputError
from fico_lib.search.compress import compress

from .conftest import M, N, arrays, embeddings, run, run_audit


def test_json_is_what_the_call_returns(folder):
    images, texts, of, labels = arrays(folder)
    output = run(
        *embeddings(folder), "--image-of-caption", folder / "map.npy", "--labels",
        folder / "labels.npy", "--format", "json", "--recall-at", "1,3", "--map-at", "2,all",
        "--measure", "euclidean", "--mode", "fraction", "--ties", "index", "--denominator", "min",
        "--empty", "skip", "--memory", "1MB", "--device", "cpu",
    )  # fmt: skip
    expected = evaluate(
        Embeddings(images, texts, of), labels, recall_at=(1, 3), map_at=(2, "all"), ties="index",
        measure="euclidean", mode="fraction", denominator="min", empty="skip",
    ).to_dict()  # fmt: skip
    assert json.loads(output) == expected


def test_metrics_by_name(folder):
    images, texts, of, labels = arrays(folder)
    names = ["R@1", "nDCG@10", "MRR@10", "R-Precision", "mAP@R", "P@10"]
    ask = [*embeddings(folder), "--image-of-caption", folder / "map.npy", "--labels",
           folder / "labels.npy", "--metrics", ",".join(names)]  # fmt: skip
    found = json.loads(run(*ask, "--format", "json"))
    assert found == evaluate(Embeddings(images, texts, of), labels, metrics=names).to_dict()
    for task in ("instance", "category"):
        assert names == [n for n in found[task]["t2i"] if n in names]
    lines = run(*ask).splitlines()
    assert [line.split()[2] for line in lines if line.startswith("category  t2i")] == names
    assert "metrics ['R@1', 'nDCG@10'" in lines[-1] or "metrics R@1" in "".join(lines)
    rows = csv.DictReader(io.StringIO(run(*ask, "--format", "csv")))
    assert [row["metric"] for row in rows] == 4 * names


def test_depths_have_no_place_beside_names(folder):
    with pytest.raises(InputError, match="--recall-at: has no place beside --metrics"):
        run("--scores", folder / "img.npy", "--metrics", "R@1", "--recall-at", "1")


def test_all_conventions_of_a_tool(folder):
    images, texts, of, labels = arrays(folder)
    ask = [*embeddings(folder), "--image-of-caption", folder / "map.npy", "--labels",
           folder / "labels.npy", "--as", "mteb"]  # fmt: skip
    found = json.loads(run(*ask, "--format", "json"))
    assert found["conventions"].pop("as") == "mteb"
    expected = evaluate(Embeddings(images, texts, of), labels, **preset("mteb").settings())
    assert found == expected.to_dict()
    output = run(*ask)
    assert "as mteb: ndcg_at_k" in output
    assert "mode fraction, ties expected, denominator total, empty skip" in output
    with pytest.raises(InputError, match="--map-at: has no place beside --as mteb"):
        run(*ask, "--map-at", "5")


def test_audit(folder):
    images, texts, of, labels = arrays(folder)
    ask = [*embeddings(folder), "--image-of-caption", folder / "map.npy", "--labels",
           folder / "labels.npy"]  # fmt: skip
    expected = list(audit(Embeddings(images, texts, of), labels))
    assert json.loads(run_audit(*ask, "--format", "json")) == expected
    rows = list(csv.DictReader(io.StringIO(run_audit(*ask, "--format", "csv"))))
    assert [row["preset"] for row in rows] == [row["preset"] for row in expected]
    output = run_audit(*ask)
    assert "constant" in output
    assert "dcmh: mode any, ties index, denominator relevant, empty zero" in output
    with pytest.raises(InputError, match="exactly one of"):
        run_audit()


@pytest.mark.parametrize(
    ("metrics", "message"),
    [("nDCG", "unknown metric 'nDCG'"), ("R@1,,R@5", "expected names"), ("", "expected names"),
     ("P@1,P@1", "each once")],
)  # fmt: skip
def test_wrong_names_of_metrics(folder, metrics, message):
    with pytest.raises(InputError, match=message):
        run("--scores", folder / "img.npy", "--metrics", metrics)


def test_json_has_the_documented_keys(folder):
    output = json.loads(
        run(
            *embeddings(folder),
            "--image-of-caption",
            folder / "map.npy",
            "--labels",
            folder / "labels.npy",
            "--format",
            "json",
        )
    )
    for direction in ("i2t", "t2i"):
        entry = output["instance"][direction]
        assert {"R@1", "R@5", "R@10", "MedR", "MeanR", "chance"} <= entry.keys()
        assert isinstance(entry["chance"], dict)
        entry = output["category"][direction]
        assert {"mAP@10", "mAP@100", "mAP@N", "chance", "empty_queries", "pr"} <= entry.keys()
        assert isinstance(entry["chance"], float)
        assert len(entry["pr"]) == 11
    recalls = [output["instance"][d][f"R@{k}"] for d in ("i2t", "t2i") for k in (1, 5, 10)]
    assert output["instance"]["R@sum"] == pytest.approx(sum(recalls))
    assert output["conventions"]["ties"] == "expected"


def test_table_and_csv(folder):
    map_ = ["--image-of-caption", folder / "map.npy"]
    assert "MedR" in run(*embeddings(folder), *map_)
    rows = list(csv.DictReader(io.StringIO(run(*embeddings(folder), *map_, "--format", "csv"))))
    assert [row["metric"] for row in rows[:3]] == ["R@1", "R@5", "R@10"]
    assert rows[-1]["metric"] == "R@sum"


def test_scores_with_captions_in_order(folder):
    rng = np.random.default_rng(1)
    scores, t2i = rng.random((N, M)), rng.random((M, N))
    np.save(folder / "s.npy", scores)
    np.save(folder / "t.npy", t2i)
    base = ["--scores", folder / "s.npy", "--captions-per-image", "5", "--format", "json"]
    of = np.arange(M) // 5
    one = json.loads(run(*base))
    assert one == evaluate(Scores(scores, None, of)).to_dict()
    both = json.loads(run(*base, "--scores-t2i", folder / "t.npy"))
    assert both == evaluate(Scores(scores, t2i, of)).to_dict()
    with pytest.raises(InputError, match=r"expected \(30, 6\)"):
        run(*base, "--scores-t2i", folder / "s.npy")


def test_repeated_images_are_taken_once(folder):
    rng = np.random.default_rng(1)
    scores = rng.random((N, M))
    np.save(folder / "square.npy", np.repeat(scores, 5, axis=0))
    base = ["--captions-per-image", "5", "--format", "json"]
    found = json.loads(run("--scores", folder / "square.npy", *base))
    assert found == evaluate(Scores(scores, None, np.arange(M) // 5)).to_dict()
    np.save(folder / "square.npy", rng.random((M, M)))
    with pytest.raises(InputError, match="rows 0 and 1 differ"):
        run("--scores", folder / "square.npy", *base)


def test_codes(folder):
    images, texts, of, _ = arrays(folder)
    np.save(folder / "img.npy", np.packbits(images > 0, axis=1))
    np.save(folder / "txt.npy", np.where(texts > 0, 1, -1))
    base = [*embeddings(folder), "--image-of-caption", folder / "map.npy", "--format", "json"]
    expected = evaluate(Codes.pack(images > 0, texts > 0, of)).to_dict()
    assert json.loads(run(*base, "--bits", "16")) == expected
    np.save(folder / "img.npy", images > 0)
    assert json.loads(run(*base, "--measure", "hamming")) == expected


def test_saved_encodings_and_per_query_values(folder):
    images, texts, of, labels = arrays(folder)
    ids = np.array([f"cat {i}" for i in range(N)])
    encodings = Embeddings(images, texts, of, image_ids=ids)
    encodings.save(folder / "e.safetensors")
    run("--encodings", folder / "e.safetensors", "--labels", folder / "labels.npy",
        "--per-query", folder / "q.csv")  # fmt: skip
    rows = list(csv.DictReader((folder / "q.csv").read_text().splitlines()))
    result = evaluate(encodings, labels)
    values = [float(r["value"]) for r in rows if r["task"] == "category" and
              r["direction"] == "t2i" and r["metric"] == "AP@10"]  # fmt: skip
    assert np.mean(values) == pytest.approx(result.category["t2i"]["mAP@10"])
    assert rows[0]["query"] == "cat 0"


def test_qrels_replace_the_pairs(folder):
    images, texts, of, _ = arrays(folder)
    lines = [f"{of[c]} 0 {c} 1" for c in range(M)]
    (folder / "i2t.qrels").write_text("\n".join(lines))
    base = [*embeddings(folder), "--image-of-caption", folder / "map.npy", "--format", "json"]
    found = json.loads(run(*base, "--qrels", folder / "i2t.qrels"))
    expected = evaluate(Embeddings(images, texts, of)).to_dict()
    assert found["instance"] == expected["instance"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "exactly one of"),
        (["--images", "img.npy"], "belong together"),
        (["--images", "img.npy", "--texts", "txt.npy"], "one of --image-of-caption"),
        (["--images", "img.npy", "--texts", "nope.npy", "--captions-per-image", "5"], "no such"),
        (["--scores", "img.npy", "--images", "img.npy"], "exactly one of"),
        (["--images", "img.npy", "--texts", "txt.npy", "--captions-per-image", "4"], "explicit"),
        (["--images", "txt.npy", "--texts", "img.npy", "--image-of-caption", "map.npy"],
         "exchanged"),
        (["--scores", "img.npy", "--captions-per-image", "4", "--recall-at", "0"], "at least 1"),
        (["--scores", "img.npy", "--captions-per-image", "5", "--recall-at", "x"], "depths"),
        (["--released", "nowhere"], "no such folder"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(folder, monkeypatch, arguments, message):
    monkeypatch.chdir(folder)
    with pytest.raises(InputError, match=message):
        run(*arguments)


@pytest.mark.parametrize("method", ["qb-norm", "dual-softmax"])
def test_normalised_scores_stand_apart(folder, method):
    images, texts, of, _ = arrays(folder)
    ask = [*embeddings(folder), "--image-of-caption", folder / "map.npy", "--normalise", method,
           "--hubness", "3", "--recall-at", "1"]  # fmt: skip
    found = json.loads(run(*ask, "--format", "json"))
    how = {"hubness": 3, "recall_at": 1}
    given = Embeddings(images, texts, of)
    assert found.pop("normalised") == evaluate(given, normalise=method, **how).to_dict()
    assert found == evaluate(given, **how).to_dict()
    rows = list(csv.DictReader(io.StringIO(run(*ask, "--format", "csv"))))
    assert [row["scores"] for row in rows] == 6 * ["as given"] + 6 * [method]
    output = run(*ask)
    assert f"normalised: {method} (queries see each other" in output
    assert "hubness i2t: skewness" in output
    assert "hubness, normalised t2i: skewness" in output


@pytest.fixture
def sets(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {"q": rng.random((7, 12)) < 0.5, "d": rng.random((20, 12)) < 0.5,
              "ql": rng.random((7, 4)) < 0.4, "dl": rng.random((20, 4)) < 0.4}  # fmt: skip
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array.astype(float))
    return tmp_path, arrays


def test_two_sets(sets):
    folder, a = sets
    labels = ["--query-labels", folder / "ql.npy", "--database-labels", folder / "dl.npy"]
    codes = ["--query-codes", folder / "q.npy", "--database-codes", folder / "d.npy"]
    floats = ["--query-embeddings", folder / "q.npy", "--database-embeddings", folder / "d.npy"]
    found = json.loads(run(*codes, *labels, "--as", "dcmh", "--format", "json"))
    assert found["conventions"].pop("as") == "dcmh"
    how = preset("dcmh").settings()
    assert found == evaluate_two_sets(*a.values(), bits=12, **how).to_dict()
    found = json.loads(run(*floats, *labels, "--measure", "euclidean", "--format", "json",
                           "--per-query", folder / "q.csv"))  # fmt: skip
    floating = [array.astype(float) for array in a.values()]
    expected = evaluate_two_sets(*floating, measure="euclidean")
    assert found["category"]["q2d"]["mAP@N"] == pytest.approx(expected.category["q2d"]["mAP@N"])
    rows = list(csv.DictReader((folder / "q.csv").read_text().splitlines()))
    assert [row["query"] for row in rows[:7]] == [*"0123456"]
    output = run(*codes, *labels, "--metrics", "P-radius@2,mAP@N")
    assert "intervals: over queries" in output
    for wrong, message in (
        (codes[:2], "expected both of --query-codes"), (codes, "--query-labels and"),
        ([*codes, *labels, *floats], "expected both of"),
        ([*codes, *labels, "--scores", folder / "q.npy"], "exactly one of"),
        ([*codes, *labels, "--labels", folder / "ql.npy"], "--labels: has no place beside"),
        ([*codes, *labels, "--measure", "cosine"], "compared by hamming distance"),
        ([*floats, *labels, "--bits", "12"], "embeddings are not codes"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=message):
            run(*wrong)


def test_compressed_embeddings_are_what_the_call_returns(folder):
    images, texts, of, labels = arrays(folder)
    asked = [*embeddings(folder), "--image-of-caption", folder / "map.npy", "--labels",
             folder / "labels.npy", "--device", "cpu"]  # fmt: skip
    for setting, measure in (("int8", "inner_product"), ("sign-mean:pca8+codex2", "cosine")):
        output = run(*asked, "--compress", setting, "--measure", measure, "--format", "json")
        given = Embeddings(images, texts, of, measure=measure)
        assert json.loads(output) == evaluate(compress(given, setting), labels).to_dict()
    table = run(*asked, "--compress", "sign-mean+int8x4")
    assert "bytes of an item: 2 searched, 18 kept; 64 as float32" in table
    assert "inner product, sign-mean+int8x4" in " ".join(table.split())


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--compress", "int9"], "quantizer 'int9'"),
        (["--compress", "int8:pca17"], "vectors of 16 dimensions"),
        (["--compress", "int8", "--measure", "euclidean"], "expected cosine or inner_product"),
        (["--compress", "sign-mean+int8x2", "--normalise", "qb-norm"], "without rescoring"),
        (["--compress", "int8", "--bits", "16"], "found Codes; expected embeddings"),
    ],
)
def test_what_cannot_be_compressed_is_said(folder, more, message):
    binary = "--bits" in more
    if binary:
        for name in ("img", "txt"):
            np.save(folder / f"{name}.npy", np.load(folder / f"{name}.npy") > 0)
    with pytest.raises(InputError, match=message):
        run(*embeddings(folder), "--image-of-caption", folder / "map.npy", *more)
    with pytest.raises(InputError, match="--compress: has no place"):
        run("--released", folder, "--compress", "int8")
