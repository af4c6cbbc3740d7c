"""Synthetic and damaged evaluation labels."""

import numpy as np
import pytest
from feature_splits import make_split

from fico_lib.chapters.category import labels, results
from fico_lib.chapters.category import labels_tables as tables
from fico_lib.chapters.category.parameters import CategoryChapter
from fico_lib.encodings import Embeddings
from fico_lib.evaluation import evaluate
from fico_lib.models import CLOSED_FORM, build
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.query2label import LabelDecoder

LABELLER = TrainingParameters(max_steps=300, validation_interval=100, patience=200, width=128)


def check(**values) -> CategoryChapter:
    shared = {"skews": [], "training": {"dimension": 8, "bits": 16}, "device": "cpu"}
    return CategoryChapter.check(shared | values, "test")


def test_replaced_labels_keep_counts_and_change_about_their_share():
    rng = np.random.default_rng(0)
    true = rng.random((500, 12)) < 0.2
    noisy = labels.replaced(true, 0.3, np.random.default_rng(1))
    assert (noisy.sum(1) == true.sum(1)).all()
    kept = (noisy & true).sum() / true.sum()
    assert kept == pytest.approx(0.7, abs=0.05)
    assert (labels.replaced(true, 0.3, np.random.default_rng(1)) == noisy).all()


def test_an_image_with_every_label_keeps_them():
    true = np.ones((3, 4), bool)
    assert (labels.replaced(true, 1.0, np.random.default_rng(0)) == true).all()


@pytest.fixture(scope="module")
def found():
    splits = {"train": make_split("train", 96, 1), "val": make_split("val", 24, 2)}
    splits["test"] = test = make_split("test", 32, 3)
    rng = np.random.default_rng(4)
    made = [
        Embeddings(
            test.whole + size * rng.normal(size=test.whole.shape),
            test.whole[test.image_of_caption],
            test.image_of_caption,
            model=model,
        )
        for model, size in (("vse", 0.1), ("dadh", 3.0))
    ]
    chapter = check(models=["vse", "dadh"], label_noise=[0.5])
    for name in CLOSED_FORM:
        control = build(name, chapter.training, device="cpu")
        control.fit(splits["train"], splits["val"])
        made.append(control.encode(test))
    labeller = build("query2label", LABELLER, device="cpu")
    labeller.fit(splits["train"], splits["val"])
    (task,) = results.tasks(made, [test], chapter)
    return task, labels.study(task, test, labeller, chapter)


def test_true_labels_are_perfect_and_damaged_ones_are_not(found):
    _, study = found
    quality = study.quality.set_index("labels")
    assert quality.loc["true labels", "micro_f1_percent"] == 100
    assert quality.loc["true labels", "wrong_entries_percent"] == 0
    assert quality.loc["50 % replaced", "micro_f1_percent"] == pytest.approx(50, abs=25)
    assert 0 < quality.loc["Query2Label", "map_percent"] <= 100
    assert quality["map_percent"].notna().sum() == 1


def test_accuracy_is_what_the_engine_says_under_these_labels(found):
    task, study = found
    rows = study.accuracy.set_index(["labels", "model", "direction"])["percent"]
    result = evaluate(task.entries[0].encodings, task.labels, empty="skip")
    for direction in ("i2t", "t2i"):
        expected = result.category[direction]["mAP@N"]
        assert rows["true labels", "vse", direction] == expected
        assert rows["50 % replaced", "vse", direction] < expected
    assert "random" not in set(study.accuracy["model"])


def test_the_order_under_true_labels_agrees_with_itself(found):
    _, study = found
    ranking = study.ranking.set_index(["labels", "direction"])
    for direction in ("i2t", "t2i"):
        assert ranking.loc[("true labels", direction), "kendall_tau"] == pytest.approx(1)
    assert (ranking["kendall_tau"] >= -1).all()
    assert (ranking["entries"] == 6).all()


def test_what_the_reader_sees(found):
    _, study = found
    for table in (tables.quality, tables.accuracy, tables.in_words):
        assert "nan" not in repr(table(study))
    assert "Kendall's tau" in repr(tables.in_words(study))
    assert len(tables.accuracy(study).frame) == 7  # two models, four controls, chance


@pytest.mark.parametrize("probable", [0.0, 1.0])
def test_a_labeller_that_says_nothing_or_everything(found, monkeypatch, probable):
    task, _ = found
    labeller = build("query2label", LABELLER, device="cpu")
    labeller.network = LabelDecoder(8, 2, LABELLER)
    always = np.full(task.labels.shape, probable, np.float32)
    monkeypatch.setattr(labeller, "probabilities", lambda split: always)
    study = labels.study(task, None, labeller, check(label_noise=[]))
    ranking = study.ranking.set_index("labels").loc["Query2Label"]
    assert ranking["kendall_tau"].isna().all()
    assert (ranking["best"] == "").all()
    assert "n/a" in repr(tables.accuracy(study))
    assert "all entries score the same" in repr(tables.in_words(study))
    assert "nan" not in repr(tables.in_words(study))
