"""The procedural set is as like the real ones as the chapter says."""

import numpy as np
import pandas as pd
import pytest

from fico_lib.chapters.data import calibration as module
from fico_lib.chapters.data import tables
from fico_lib.chapters.data.calibration import calibration, label_oracle, statistics_of
from fico_lib.datasets import load_dataset
from fico_lib.datasets.dataset import Split
from fico_lib.datasets.parameters import KarpathyParameters, ScenesParameters


def split(labels, captions, categories, image_of_caption):
    n, m = len(labels), len(captions)
    return Split(
        name="test",
        image_ids=np.array([f"image-{i}" for i in range(n)]),
        images=np.zeros((n, 4, 4, 3), np.uint8),
        captions=tuple(captions),
        caption_ids=np.array([f"caption-{i}" for i in range(m)]),
        image_of_caption=np.array(image_of_caption),
        labels=np.array(labels, bool),
        category_names=categories,
    )


@pytest.mark.parametrize("skew", ["coco", "flickr"])
def test_every_statistic_is_within_a_tenth_of_the_real_set(skew):
    rows = calibration(ScenesParameters(skew=skew))
    assert len(rows) == {"coco": 19, "flickr": 4}[skew]
    assert rows["scenes"].notna().all()
    far = rows[(rows["ratio"] - 1).abs() > 0.1]
    assert far.empty, far


def test_by_hand():
    """Three images: {cat}, {cat, dog} and {dog}; two captions each."""
    rows = statistics_of(
        split(
            [[1, 0], [1, 1], [0, 1]],
            ["Two cats.", "a pet", "a dog, a cat", "concatenate it", "a pet", "a pet"],
            ("cat", "dog"),
            [0, 0, 1, 1, 2, 2],
        )
    ).set_index("statistic")["value"]
    assert rows["image pairs that share a label (%)"] == pytest.approx(100 * 4 / 6)
    assert rows["images with 1 label (%)"] == pytest.approx(100 * 2 / 3)
    assert rows["images with category 1 by frequency (%)"] == pytest.approx(100 * 2 / 3)
    assert rows["R@1 of the label oracle, all images (%)"] == 100
    # (cat, image 0): 1 of 2; (cat, 1): 1 of 2; (dog, 1): 1 of 2; (dog, 2): none.
    assert rows["a caption names a given label of its image (%)"] == pytest.approx(37.5)
    assert rows["any of its captions names it (%)"] == 75
    assert rows["words per caption, mean"] == pytest.approx((2 + 2 + 4 + 2 + 2 + 2) / 6)
    assert rows["distinct captions (%)"] == pytest.approx(100 * 4 / 6)


def test_the_label_oracle_is_what_expected_ties_give():
    """Against the evaluation: equal sets score 1, others 0; the expected R@1 over random orders."""
    from fico_lib.encodings import Scores
    from fico_lib.evaluation import evaluate

    labels = np.random.default_rng(0).random((60, 3)) < 0.5
    scores = (labels[:, None] == labels).all(2).astype(np.float32)
    found = evaluate(Scores(scores, None, np.arange(60)), recall_at=[1], ties="expected")
    assert label_oracle(labels, 60) == pytest.approx(found.instance["i2t"]["R@1"])
    assert label_oracle(labels, 10) > label_oracle(labels, 60)


def test_images_without_a_label_do_not_count():
    labels = [[1, 0], [0, 0], [0, 1]]
    with_one = statistics_of(split(labels, ["a"] * 3, ("cat", "dog"), [0, 1, 2]))
    assert with_one.set_index("statistic").loc["images with 1 label (%)", "value"] == 100


def test_no_image_of_the_test_split_is_looked_at(monkeypatch):
    asked = []
    original = module.load_split
    monkeypatch.setattr(
        module, "load_split", lambda p, name, n: asked.append(name) or original(p, name, 300)
    )
    calibration(ScenesParameters())
    assert asked == ["train"]


def test_real_data_are_not_calibrated(tmp_path):
    rows = calibration(KarpathyParameters(root=tmp_path, annotations="a.json", images=None))
    assert rows.empty
    assert "stand for themselves" in tables.calibrated(rows).markdown


def test_the_sentence_counts_what_is_far():
    rows = pd.DataFrame({"statistic": ["a", "b"], "ratio": [1.05, 1.3]})
    (sentence,) = tables._calibration(rows)
    assert sentence.endswith("1 of 2 statistics are within a tenth of the real set; beyond it: b.")


def test_load_is_the_public_way():
    """The statistics of a split that anyone loads: what `reference.csv` was made with."""
    data = load_dataset(ScenesParameters(n_train=300, n_detector=0))
    assert statistics_of(data["train"])["value"].notna().all()
