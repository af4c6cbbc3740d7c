"""The `captions` setting: who stands for an image, what is fitted on what, and the command."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from fico_lib.chapters.category import captions, results, tables
from fico_lib.chapters.category.parameters import CategoryChapter
from fico_lib.cli import app
from fico_lib.datasets.dataset import Split
from fico_lib.datasets.karpathy.images import AbsentImages
from fico_lib.features.parameters import CropParameters
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.runtime.errors import InputError

KINDS = ("dog", "car", "boat")
PLACES = [f"place{i}" for i in range(12)]


def facts(n: int):
    """Captions (three per image) and labels: a kind, and a place that tells the instances apart."""
    rng = np.random.default_rng(0)
    kind, place = rng.integers(0, 3, n), rng.integers(0, 12, n)
    texts = [
        (f"a {KINDS[k]} at {PLACES[p]}", f"the {KINDS[k]} of {PLACES[p]}", f"{KINDS[k]} in view")
        for k, p in zip(kind, place, strict=True)
    ]
    return texts, np.eye(3, dtype=bool)[kind]


def make_split(n: int = 80, labelled=None) -> Split:
    texts, labels = facts(n)
    order = np.random.default_rng(1).permutation(3 * n)  # captions of an image need not be together
    flat = [caption for three in texts for caption in three]
    return Split(
        name="test",
        image_ids=np.arange(n).astype(str),
        images=AbsentImages(n),
        captions=tuple(flat[i] for i in order),
        caption_ids=np.array([f"c{i}" for i in order]),
        image_of_caption=order // 3,
        labels=labels if labelled is None else labels & labelled[:, None],
        category_names=KINDS,
    )


CHAPTER = CategoryChapter(
    features=CropParameters(min_count=1, max_words=10),
    training=TrainingParameters(dimension=32, bits=16),
    map_at=[5],
    resamples=100,
    device="cpu",
)


def test_the_first_caption_stands_for_its_image():
    split = make_split(6)
    found = captions.half(split, np.array([4, 1]))
    for row, image in enumerate((4, 1)):
        own = np.flatnonzero(split.image_of_caption == image)
        assert found.stand_ins[row] == own[0]
        assert sorted(found.candidates[found.image_of_caption == row]) == sorted(own[1:])


def test_halves_are_disjoint_and_leave_out_what_nobody_labelled():
    labelled = np.arange(80) % 10 > 0
    seen, unseen = captions.halves(make_split(labelled=labelled), seed=3)
    together = np.concatenate([seen.images, unseen.images])
    assert sorted(together) == list(np.flatnonzero(labelled))
    assert not np.array_equal(
        seen.images, captions.halves(make_split(labelled=labelled), seed=4)[0].images
    )


def test_labels_are_learnt():
    task = captions.task("toy", make_split(), CHAPTER)
    assert [entry.name for entry in task.entries] == [
        "pairs_float",
        "pairs_binary",
        "labels_float",
        "labels_binary",
        "random",
    ]
    compared = results.compare([task], CHAPTER)
    means = results.mean_accuracy(compared.accuracy).set_index(["model", "direction", "metric"])
    for direction in ("i2t", "t2i"):
        supervised = means.loc[("labels_float", direction, "mAP@N"), "percent"]
        assert supervised > means.loc[("pairs_float", direction, "mAP@N"), "percent"] + 5
        assert supervised > 95


def test_too_few_labelled_images_are_refused():
    with pytest.raises(InputError, match="3 images with a label and two captions"):
        captions.task("toy", make_split(5, labelled=np.arange(5) < 3), CHAPTER)


@pytest.fixture
def folder(tmp_path):
    """A data set in Karpathy's format with a CSV of labels."""
    texts, labels = facts(60)
    images = [
        {
            "filename": f"{i}.jpg",
            "imgid": i,
            "split": "test",
            "sentences": [{"raw": text} for text in three],
        }
        for i, three in enumerate(texts)
    ]
    (tmp_path / "dataset_toy.json").write_text(json.dumps({"images": images}))
    rows = [f"{i}.jpg,{KINDS[k]}" for i, k in enumerate(labels.argmax(1))]
    (tmp_path / "labels.csv").write_text("\n".join(["filename,category", *rows]))
    return tmp_path


def test_the_command_records_what_the_chapter_reads(folder, tmp_path, monkeypatch):
    study = tmp_path / "study"
    for mark in ("notebooks", "parameters"):
        (study / mark).mkdir(parents=True)
    for mark in ("_toc.yml", "Snakefile"):
        (study / mark).touch()
    monkeypatch.chdir(study)
    options = ["--annotations", "dataset_toy.json", "--labels", "labels.csv", "--dimension", "8"]
    options += ["--bits", "16", "--resamples", "100", "--record", "captions_toy"]
    done = CliRunner().invoke(app, ["captions", str(folder), *options], catch_exceptions=False)
    assert done.exit_code == 0
    made = study / done.stdout.strip()
    assert made.parent.parent == study / "book" / "recorded"
    assert str(tmp_path) not in (made / "run.json").read_text()

    compared, run = results.read(made)
    assert compared.sizes == {"toy, captions": (30, 60)}
    assert compared.depths == [10]
    assert run["parameters"]["bits"] == 16
    text = "\n".join(map(repr, tables.recorded([(compared, run)])))
    assert "`fico captions`" in text
    assert "control: labels, binary" in text
    assert "nan" not in text


def test_without_recorded_results_the_chapter_says_so():
    (said,) = tables.recorded([])
    assert "No such result is recorded" in repr(said)


@pytest.mark.parametrize(
    ("captions_of", "message"),
    [
        (lambda i: f"{KINDS[i % 3]}号{i}在这里", "1.0 words on average; expected blanks"),
        (lambda i: f"one{i} two{i} three{i}", "no word occurs in 2 captions and not in all"),
        (lambda i: "the very same caption", "no word occurs in 2 captions and not in all"),
        (lambda i: "! . ,", "0.0 words on average"),
    ],
)
def test_captions_that_cannot_be_told_apart_are_refused(captions_of, message):
    split = replace(make_split(), captions=tuple(captions_of(i) for i in range(240)))
    parameters = CHAPTER.model_copy(update={"features": CropParameters(min_count=2, max_words=10)})
    with pytest.raises(InputError, match=message.replace(".", r"\.")):
        captions.task("x", split, parameters)
