"""Blocked cross-validation: disjoint, complete, contiguous, balanced; refused without classes."""

import json
from pathlib import Path

import numpy as np
import pytest

from fico_lib.chapters.instance.parameters import InstanceChapter
from fico_lib.datasets import dataset_key, load_dataset
from fico_lib.datasets.karpathy.folds import natural
from fico_lib.datasets.parameters import KarpathyParameters
from fico_lib.models import CLOSED_FORM
from fico_lib.runtime.errors import InputError

SIZES = {"beach": 10, "river": 7, "harbour": 12}
FOLDS = range(5)


@pytest.fixture
def root(tmp_path):
    """Images 1.jpg, 2.jpg, ... of three classes, one after the other; written in another order."""
    classes = [name for name, size in SIZES.items() for _ in range(size)]
    images = [
        {
            "filename": f"{i + 1}.jpg",
            "imgid": i,
            "split": "train",
            "sentences": [{"raw": f"A {one}, number {i + 1} ."}],
        }
        for i, one in enumerate(classes)
    ]
    shuffled = [images[i] for i in np.random.default_rng(0).permutation(len(images))]
    (tmp_path / "dataset.json").write_text(json.dumps({"images": shuffled}))
    lines = [f"{image['filename']},{one}" for image, one in zip(images, classes, strict=True)]
    (tmp_path / "labels.csv").write_text("\n".join(["filename,category", *lines]))
    return tmp_path


def parameters(root: Path, fold: int | None) -> KarpathyParameters:
    return KarpathyParameters(root=root, images=None, labels="labels.csv", fold=fold)


def load(root: Path, fold: int | None):
    return load_dataset(parameters(root, fold))


def files(split) -> list[int]:
    """The numbers of a split's files."""
    return sorted(int(image_id) + 1 for image_id in split.image_ids)


def test_numbers_in_names_sort_as_numbers():
    assert sorted(["a10", "a9", "b", "a09b"], key=natural) == ["a9", "a09b", "a10", "b"]


def test_test_blocks_are_disjoint_and_cover_everything(root):
    tested = [number for fold in FOLDS for number in files(load(root, fold)["test"])]
    assert sorted(tested) == list(range(1, sum(SIZES.values()) + 1))


@pytest.mark.parametrize("fold", FOLDS)
def test_a_fold_tests_one_block_validates_on_the_next_and_trains_on_the_rest(root, fold):
    data = load(root, fold)
    assert list(data.splits) == ["train", "val", "test"]
    assert files(data["val"]) == files(load(root, (fold + 1) % 5)["test"])
    everything = [number for split in data.splits.values() for number in files(split)]
    assert sorted(everything) == list(range(1, sum(SIZES.values()) + 1))


@pytest.mark.parametrize("fold", FOLDS)
def test_blocks_are_contiguous_within_a_class_and_balanced(root, fold):
    test, start = load(root, fold)["test"], 1
    for size in SIZES.values():
        own = [number for number in files(test) if start <= number < start + size]
        assert own == list(range(own[0], own[0] + len(own)))
        assert len(own) in (size // 5, -(-size // 5))
        start += size
    assert (test.labels.sum(1) == 1).all()


def test_blocks_by_hand(root):
    # Ten beaches: two to a block. Seven rivers from 11 on: 2, 2, 1, 1, 1. Twelve harbours from 18.
    assert files(load(root, 0)["test"]) == [1, 2, 11, 12, 18, 19, 20]
    assert files(load(root, 4)["test"]) == [9, 10, 17, 28, 29]


def test_without_a_fold_the_splits_are_those_of_the_file(root):
    assert list(load(root, None).splits) == ["train"]


def test_every_fold_has_a_key_of_its_own(root):
    keys = {dataset_key(parameters(root, fold)) for fold in (None, *FOLDS)}
    assert len(keys) == 6


def test_several_labels_are_refused(root):
    with open(root / "labels.csv", "a") as file:
        file.write("\n3.jpg,river")
    with pytest.raises(InputError, match=r"labels.csv has 2 labels for image '3.jpg'"):
        load(root, 0)
    with pytest.raises(InputError, match="has 2 labels"):  # when a run is planned
        dataset_key(parameters(root, 0))
    assert load(root, None)["train"].labels.sum() == 30


def test_a_class_of_few_images_is_refused(root):
    rows = (root / "labels.csv").read_text().replace("\n1.jpg,beach", "\n1.jpg,pier")
    (root / "labels.csv").write_text(rows)
    with pytest.raises(InputError, match="1 images of class 'pier'; expected at least 5"):
        load(root, 0)


@pytest.mark.parametrize(("changes", "message"), [
    ({"data": {"fold": 5}}, "data.fold.*less than 5"),
    ({"data": {"fold": 0, "labels": None}}, "data.fold.*expected data.labels"),
    ({"data": {"labels": None}, "folds": [0]}, "folds.*expected data.labels"),
    ({"data": {"fold": 1}, "folds": [0]}, "folds.*data.fold is 1"),
    ({"folds": [0, 5]}, "folds.*less than 5"),
    ({"folds": [3, 0, 3]}, "folds.*twice"),
])  # fmt: skip
def test_wrong_folds_are_errors_before_anything_is_read(changes, message):
    data = {"name": "karpathy", "root": "nowhere", "labels": "labels.csv"}
    values = changes | {"data": data | changes.get("data", {})}
    with pytest.raises(InputError, match=message):
        InstanceChapter.check(values, "test")


def test_scenes_have_no_folds():
    with pytest.raises(InputError, match=r"folds.*expected \[\] for 'scenes'"):
        InstanceChapter.check({"folds": [0]}, "test")


def test_the_chapter_asks_for_one_more_training_per_model_and_fold():
    data = {"name": "karpathy", "root": "nowhere", "labels": "labels.csv"}
    values = {"data": data, "models": ["vse", "dadh"], "seeds": [4, 5], "folds": [2, 0]}
    chapter = InstanceChapter.check(values, "test")
    asked = [(r.data.fold, r.model, r.seed) for r in chapter.requests()]
    assert asked == [
        *((None, model, seed) for model in ("vse", "dadh") for seed in (4, 5)),
        *((None, name, 0) for name in CLOSED_FORM),
        *((fold, model, 4) for fold in (2, 0) for model in ("vse", "dadh")),
    ]
    assert chapter.requests()[-1].label == "dadh on karpathy (fold 0), seed 4"
    own, closed, crossed = chapter.apart(asked)
    assert own == asked[:4]
    assert closed == asked[4:8]
    assert crossed == asked[8:]
