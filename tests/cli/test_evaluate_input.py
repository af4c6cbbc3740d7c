"""What `fico evaluate` takes its arrays for, and which options it refuses."""

import json

import numpy as np
import pytest
from scipy.io import savemat

from fico_lib.encodings import Codes, Embeddings
from fico_lib.evaluation import evaluate
from fico_lib.runtime.errors import InputError

from .conftest import M, arrays, embeddings, run


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
