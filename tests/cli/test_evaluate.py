"""`fico evaluate` on arrays in files."""

import csv
import io
import json

import numpy as np
import pytest
import typer
from scipy.io import savemat
from typer.testing import CliRunner

from fico_lib.cli.audit import audit_command
from fico_lib.cli.evaluate import evaluate_command
from fico_lib.encodings import Codes, Embeddings, Scores
from fico_lib.evaluation import audit, evaluate, evaluate_two_sets
from fico_lib.metrics.presets import preset
from fico_lib.runtime.errors import InputError
from fico_lib.search.compress import compress

app = typer.Typer(pretty_exceptions_enable=False)
app.command("evaluate")(evaluate_command)
audit_app = typer.Typer(pretty_exceptions_enable=False)
audit_app.command("audit")(audit_command)

N, M = 6, 30


def run(*arguments, command=app):
    result = CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def run_audit(*arguments):
    return run(*arguments, command=audit_app)


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    images, texts = rng.standard_normal((N, 16)), rng.standard_normal((M, 16))
    of = rng.permutation(np.arange(M) % N)
    np.save(tmp_path / "img.npy", images)
    np.save(tmp_path / "txt.npy", texts)
    np.save(tmp_path / "map.npy", of)
    np.save(tmp_path / "labels.npy", rng.random((N, 4)) < 0.5)
    return tmp_path


def arrays(folder):
    return [np.load(folder / f"{name}.npy") for name in ("img", "txt", "map", "labels")]


def embeddings(folder):
    return ["--images", folder / "img.npy", "--texts", folder / "txt.npy"]


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


@pytest.mark.parametrize("option", ["labels", "per-query", "normalise", "bits", "hubness"])
def test_what_a_released_folder_does_not_take_is_refused(folder, option):
    value = {"normalise": "qb-norm", "bits": "8", "hubness": "3"}.get(option, "x.npy")
    with pytest.raises(InputError, match=f"--{option}: has no place beside --released"):
        run("--released", folder, f"--{option}", value)


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


@pytest.fixture
def released(tmp_path):
    rng = np.random.default_rng(3)
    folder, n, m = tmp_path / "results_data", 8, 40
    folder.mkdir()
    of = np.arange(m) // 5
    x, y = rng.standard_normal((n, 12)), rng.standard_normal((m, 12))
    sim = rng.random((n, m))
    partial_i2t, partial_t2i = sim.copy(), sim.T.copy()
    partial_i2t[:, ::3] = -100
    partial_t2i[:, 0] = -100
    np.save(folder / "beit3_f30k_img.npy", x)
    np.save(folder / "beit3_f30k_txt.npy", y)
    np.save(folder / "vsrn_f30k_sim.npy", np.repeat(sim, 5, axis=0))
    np.save(folder / "ucch_f30k_img.npy", np.repeat(np.sign(x), 5, axis=0))
    np.save(folder / "ucch_f30k_txt.npy", np.sign(y))
    np.save(folder / "adv(64bit)_f30k_img.npy", (x > 0).astype(float))
    np.save(folder / "adv(64bit)_f30k_txt.npy", (y > 0).astype(float))
    np.save(folder / "blip2_f30k_sim_i2t.npy", partial_i2t)
    np.save(folder / "blip2_f30k_sim_t2i.npy", partial_t2i)
    np.save(folder / "scan_coco_sim.npy", sim[:, :-1])
    np.save(folder / "mscoco_test_indices.npy", of[:-1])
    labels = (rng.random((n, 5)) < 0.5).astype(np.uint8)
    labels[:, 0] = 1
    savemat(folder / "flickr30k-karpathy-test-lall.mat", {"LAll": labels})
    savemat(folder / "coco-karpathy-testall-lall.mat", {"LAll": labels})
    return folder, x, y, sim, labels


def test_the_released_folder(released):
    folder, x, y, sim, labels = released
    found = json.loads(run("--released", folder, "--format", "json", "--map-at", "3,all"))
    of = np.arange(40) // 5
    assert sorted(found) == [
        "adv(64bit)_f30k", "beit3_f30k", "blip2_f30k", "scan_coco", "ucch_f30k", "vsrn_f30k",
    ]  # fmt: skip
    how = {"map_at": (3, "all")}
    codes = {"recall_at": (1, 5, 10, 50, 100, 200), **how}
    expected = {
        "beit3_f30k": evaluate(Embeddings(x, y, of), labels, **how),
        "vsrn_f30k": evaluate(Scores(sim, None, of), labels, **how),
        "scan_coco": evaluate(Scores(sim[:, :-1], None, of[:-1]), labels, **how),
        "ucch_f30k": evaluate(Codes.pack(x > 0, y > 0, of), labels, **codes),
        "adv(64bit)_f30k": evaluate(Codes.pack(x > 0, y > 0, of), labels, **codes),
    }
    for name, result in expected.items():
        for task in ("instance", "category"):
            assert found[name][task] == result.to_dict()[task], name
    blip2 = found["blip2_f30k"]
    assert blip2["instance"]["i2t"]["R@10"] is not None
    assert blip2["category"]["i2t"]["mAP@3"] is not None
    assert blip2["category"]["i2t"]["mAP@N"] is None
    assert blip2["category"]["t2i"]["pr"] is None


def test_the_released_folder_as_the_papers_tables(released):
    output = run("--released", released[0])
    assert all(f"Table {number}" in output for number in (2, 3, 4))
    assert "n/a" in output


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--released", ".", "--per-query", "q.csv"],
            "--per-query: has no place beside --released",
        ),
        (["--released", ".", "--labels", "none.npy"], "--labels: has no place"),
        (["--released", ".", "--bits", "64"], "--bits: has no place"),
        (
            ["--encodings", "e.npz", "--captions-per-image", "5"],
            "--captions-per-image: has no place beside --encodings",
        ),
        (["--encodings", "e.npz", "--missing", "0"], "--missing: has no place"),
        (
            ["--scores", "s.npy", "--captions-per-image", "5", "--bits", "8"],
            "--bits: has no place beside --scores",
        ),
        (["--scores", "s.npy", "--measure", "cosine"], "--measure: has no place"),
        (["--images", "img.npy", "--texts", "txt.npy", "--skip-unknown"], "belongs to --qrels"),
        (["--encodings", "e.npz", "--per-query", "."], "--per-query .: it is a folder"),
        (["--encodings", "e.npz", "--per-query", "img.npy/q.csv"], "is a file, not a folder"),
    ],
)
def test_no_option_is_dropped_in_silence(folder, monkeypatch, arguments, message):
    monkeypatch.chdir(folder)
    with pytest.raises(InputError, match=message):
        run(*arguments)


def test_packed_codes_are_not_taken_for_vectors(folder):
    images, texts, of, _ = arrays(folder)
    np.save(folder / "img.npy", np.packbits(images > 0, axis=1))
    np.save(folder / "txt.npy", np.packbits(texts > 0, axis=1))
    base = [*embeddings(folder), "--image-of-caption", folder / "map.npy", "--format", "json"]
    with pytest.raises(InputError, match="uint8, which may be packed codes"):
        run(*base)
    expected = evaluate(Codes.pack(images > 0, texts > 0, of)).to_dict()
    assert json.loads(run(*base, "--bits", "16")) == expected
    assert json.loads(run(*base, "--measure", "cosine")) != expected


def test_signs_are_codes_and_codes_have_one_measure(folder):
    images, texts, of, _ = arrays(folder)
    np.save(folder / "img.npy", np.sign(images))
    np.save(folder / "txt.npy", np.sign(texts))
    base = [*embeddings(folder), "--image-of-caption", folder / "map.npy", "--format", "json"]
    assert json.loads(run(*base)) == evaluate(Codes.pack(images > 0, texts > 0, of)).to_dict()
    with pytest.raises(InputError, match="not by cosine"):
        run(*base, "--bits", "16", "--measure", "cosine")


def test_labels_that_are_repeated_like_the_images(folder):
    images, texts, _, labels = arrays(folder)
    np.save(folder / "img.npy", np.repeat(images, 5, axis=0))
    np.save(folder / "labels.npy", np.repeat(labels, 5, axis=0))
    found = run(*embeddings(folder), "--captions-per-image", "5", "--labels",
                folder / "labels.npy", "--format", "json")  # fmt: skip
    of = np.arange(M) // 5
    assert json.loads(found) == evaluate(Embeddings(images, texts, of), labels).to_dict()


def test_judgements_that_name_nothing_relevant_are_refused(folder):
    (folder / "q").write_text("0 0 0 0\n")
    base = [*embeddings(folder), "--image-of-caption", folder / "map.npy", "--qrels", folder / "q"]
    with pytest.raises(InputError, match="judges no pair"):
        run(*base)
    (folder / "q").write_text("0 0 0 1\n0 0 999 1\n")
    with pytest.raises(InputError, match="unknown id '999'"):
        run(*base)
    run(*base, "--skip-unknown")


def test_codes_of_a_toolbox_by_name(folder):
    images, texts, of, _ = arrays(folder)
    savemat(folder / "codes.mat", {"qB": np.sign(images), "rB": np.sign(texts)})
    found = run("--images", f"{folder}/codes.mat:qB", "--texts", f"{folder}/codes.mat:rB",
                "--image-of-caption", folder / "map.npy", "--format", "json")  # fmt: skip
    assert json.loads(found) == evaluate(Codes.pack(images > 0, texts > 0, of)).to_dict()


def test_the_files_of_macos_are_no_models(released):
    folder = released[0]
    expected = run("--released", folder, "--format", "json")
    for place in (folder / "__MACOSX", folder):
        place.mkdir(exist_ok=True)
        (place / "._beit3_f30k_img.npy").write_bytes(b"Mac OS X")
        (place / "._flickr30k-karpathy-test-lall.mat").write_bytes(b"Mac OS X")
    assert run("--released", folder, "--format", "json") == expected


def test_a_zero_among_released_signs_is_said(released):
    folder, _, y, *_ = released
    np.save(folder / "ucch_f30k_txt.npy", np.where(np.arange(12) == 3, 0, np.sign(y)))
    with pytest.raises(InputError, match=r"ucch on f30k.*row 0, column 3 is 0 beside -1 and 1"):
        run("--released", folder)


@pytest.mark.parametrize("array", [np.ones(3), np.ones((2, 2, 2)), np.ones((0, 4)), np.array("x")])
def test_released_arrays_of_other_shapes_are_named(released, array):
    folder = released[0]
    np.save(folder / "beit3_f30k_img.npy", array)
    with pytest.raises(InputError, match=r"beit3_f30k_img.npy: found"):
        run("--released", folder)


def test_the_same_model_twice_is_said(released):
    folder = released[0]
    (folder / "copy").mkdir()
    np.save(folder / "copy" / "scan_coco_sim.npy", np.ones((8, 39)))
    with pytest.raises(InputError, match=r"scan_coco_sim.npy is there twice"):
        run("--released", folder)
