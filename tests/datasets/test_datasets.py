"""The registry of data sets, their parameters and keys, and the noun `Split`."""

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from fico_lib import datasets
from fico_lib.datasets import DATASETS, FINGERPRINTS, dataset_key, load_dataset
from fico_lib.datasets.dataset import Split, label_words
from fico_lib.datasets.parameters import DataParameters, KarpathyParameters, ScenesParameters
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.registry import load


def test_every_data_set_has_a_function_and_parameters():
    for entry in (*DATASETS.values(), *FINGERPRINTS.values()):
        assert callable(load(entry))
    names = {model.model_fields["name"].default for model in (ScenesParameters, KarpathyParameters)}
    assert names == set(DATASETS)
    assert set(FINGERPRINTS) <= set(DATASETS)


def test_every_parameter_has_a_meaning():
    for model in (ScenesParameters, KarpathyParameters):
        for name, field in model.model_fields.items():
            assert field.description, name
            assert "\n" not in field.description


def test_parameters_are_told_apart_by_name():
    adapter = TypeAdapter(DataParameters)
    assert adapter.validate_python({"name": "scenes", "n_test": 7}).n_test == 7
    assert adapter.validate_python({"name": "karpathy", "root": "x"}).root == Path("x")
    with pytest.raises(ValidationError, match="scenes"):
        adapter.validate_python({"name": "scene"})


def test_parameters_survive_json():
    for asked in (ScenesParameters(captions_per_image=(2, 4)), KarpathyParameters(root="x")):
        again = TypeAdapter(DataParameters).validate_json(asked.model_dump_json())
        assert again == asked


def test_an_unknown_data_set_suggests_the_nearest():
    @dataclass
    class Asked:
        name: str

    for function in (load_dataset, dataset_key):
        with pytest.raises(InputError, match="unknown data set 'scnes': did you mean 'scenes'"):
            function(Asked("scnes"))


def test_the_key_of_scenes_follows_the_parameters():
    keys = {
        dataset_key(ScenesParameters(**changes))
        for changes in ({}, {"seed": 1}, {"noise": 0.2}, {"n_test": 7}, {"skew": "flickr"})
    }
    assert len(keys) == 5
    assert dataset_key(ScenesParameters(seed=0)) == dataset_key(ScenesParameters())


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("fico_lib.datasets.parameters", ("numpy", "scipy", "PIL", "torch")),
        ("fico_lib.datasets.karpathy.fingerprint", ("numpy", "scipy", "PIL", "torch")),
        ("fico_lib.datasets.scenes.load", ("scipy", "PIL", "torch")),
        ("fico_lib.datasets.karpathy.load", ("torch",)),
    ],
)
def test_modules_import_no_more_than_they_need(module, heavy):
    code = f"import sys, {module}; print([m for m in {heavy} if m in sys.modules])"
    root = Path(datasets.__file__).parents[2]
    env = os.environ | {"PYTHONPATH": str(root)}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True
    )
    assert run.stdout.strip() == "[]"


class Blank:
    """Two black images."""

    def __len__(self):
        return 2

    def read(self, rows):
        return np.zeros((len(rows), 4, 4, 3), np.uint8)


GOOD = Split(
    name="test",
    image_ids=np.array(["a", "b"]),
    images=Blank(),
    captions=("one", "two", "three"),
    caption_ids=np.array(["x", "y", "z"]),
    image_of_caption=np.array([1, 0, 1]),
    labels=np.eye(2, dtype=bool),
    category_names=("cat", "dog"),
)


def test_captions_of_an_image_need_not_stand_together():
    assert GOOD.captions_of(1) == ("one", "three")
    assert len(GOOD) == 2
    assert GOOD.categories_of(1) == ("dog",)
    assert replace(GOOD, labels=None).categories_of(1) == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_ids": np.array(["a", "a"])}, "image id 'a' is used twice"),
        ({"image_ids": np.array(["a", "b", "c"])}, "2 images but 3 image ids"),
        ({"caption_ids": np.array(["x", "y", "x"])}, "caption id 'x' is used twice"),
        ({"image_of_caption": np.array([1, 0])}, "expected one of each per caption"),
        ({"image_of_caption": np.array([1, 0, 2])}, "points outside the 2 images"),
        ({"image_of_caption": np.array([1, 1, 1])}, "image 'a' has no caption"),
        ({"labels": np.eye(3, dtype=bool)}, r"labels of shape \(3, 3\)"),
    ],
)
def test_a_split_that_does_not_fit_together_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        replace(GOOD, **change)


def test_label_words():
    assert label_words(np.zeros((2, 3), bool), ["a", "b", "c"]) == ("", "")
