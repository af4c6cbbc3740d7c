from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from fico_lib.datasets import load_dataset
from fico_lib.datasets.parameters import ScenesParameters
from fico_lib.features import build
from fico_lib.features.captions import with_captions
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.features.fitted import FILE, Fitted
from fico_lib.features.parameters import CropParameters
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.beit3 import BEiT3
from fico_lib.models.vse import VSE
from fico_lib.runtime.errors import InputError

DATA = ScenesParameters(n_train=60, n_val=10, n_test=20, n_detector=40, captions_per_image=(1, 3))
SMALL = CropParameters(detector_epochs=1, dimension=8, min_count=1, documents=12)


@pytest.fixture(scope="module")
def dataset():
    return load_dataset(DATA)


@pytest.fixture(scope="module")
def folder(dataset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("features")
    build.build(dataset, SMALL, folder, torch.device("cpu"))
    return folder


def test_splits_are_read_back_as_memory_maps(folder, dataset):
    split = FeatureSplit.load(folder / "val")
    assert split.name == "val"
    assert split.regions.shape == (10, 10, 8)
    assert isinstance(split.regions, np.memmap)
    assert split.whole.shape == (10, 16)
    assert (split.image_ids == dataset["val"].image_ids).all()
    assert (split.caption_ids == dataset["val"].caption_ids).all()
    assert (split.image_of_caption == dataset["val"].image_of_caption).all()
    assert (split.labels == dataset["val"].labels).all()


def test_features_are_standardised_on_train(folder):
    train = FeatureSplit.load(folder / "train")
    for array in (train.regions, train.whole):
        flat = array.reshape(-1, array.shape[-1])
        assert np.allclose(flat.mean(0), 0, atol=1e-4)
        deviation = flat.std(0)
        assert (np.isclose(deviation, 1, atol=1e-3) | (deviation == 0)).all()


def test_all_splits_share_the_statistics_and_the_vocabulary(folder, dataset, tmp_path):
    """Features of test images do not depend on what else is extracted."""
    build.build(dataset, SMALL, tmp_path / "two", torch.device("cpu"), ("train", "test"))
    alone = FeatureSplit.load(tmp_path / "two" / "test")
    beside = FeatureSplit.load(folder / "test")
    assert (alone.regions == beside.regions).all()
    assert (alone.tokens == beside.tokens).all()
    assert {p.name for p in (tmp_path / "two").iterdir()} == {"train", "test", FILE}


def test_what_was_fitted_gives_the_same_features_without_the_train_split(folder, dataset, tmp_path):
    fitted = Fitted.load(folder / FILE)
    build.build(dataset, SMALL, tmp_path / "again", torch.device("cpu"), ("test", "probe"), fitted)
    again, before = (FeatureSplit.load(f / "test") for f in (tmp_path / "again", folder))
    for name in ("regions", "boxes", "whole", "tokens", "documents", "words"):
        assert np.array_equal(getattr(again, name), getattr(before, name)), name
    assert len(FeatureSplit.load(tmp_path / "again" / "probe").image_ids) == 200


def test_a_file_without_a_vocabulary_is_refused(tmp_path):
    save_file({"a": np.zeros(2, np.float32)}, tmp_path / "weights.safetensors")
    with pytest.raises(InputError, match=r"weights\.safetensors: no vocabulary in it"):
        Fitted.load(tmp_path / "weights.safetensors")


def test_documents_are_standardised_on_train_and_can_be_left_out(folder, dataset, tmp_path):
    train, val = (FeatureSplit.load(folder / name) for name in ("train", "val"))
    assert train.documents.shape == (len(train.tokens), 12)
    assert val.documents.shape == (len(val.tokens), 12)
    assert np.allclose(train.documents.mean(0), 0, atol=1e-4)
    assert np.allclose(train.documents.std(0), 1, atol=1e-3)
    without = SMALL.model_copy(update={"documents": 0})
    build.build(dataset, without, tmp_path / "none", torch.device("cpu"), ("train",))
    bare = FeatureSplit.load(tmp_path / "none" / "train")
    assert bare.documents is None
    assert np.array_equal(bare.tokens, train.tokens)


def test_each_distinct_text_has_a_document(folder):
    split = FeatureSplit.load(folder / "val")
    with pytest.raises(InputError, match="'val': documents has 1 rows; expected"):
        replace(split, documents=split.documents[:1])


def test_tokens_stay_below_the_vocabulary(folder):
    for name in ("train", "val", "test"):
        split = FeatureSplit.load(folder / name)
        assert split.tokens.max() < split.vocabulary_size
        assert len(split.text_of_caption) == len(split.image_of_caption)


def test_statistics_over_blocks(monkeypatch):
    monkeypatch.setattr(build, "BLOCK", 3)
    array = np.random.default_rng(0).normal(5, 2, (10, 4, 3)).astype(np.float32)
    array[..., 2] = 7
    mean, deviation = build.statistics(array).values()
    assert np.allclose(mean, array.reshape(-1, 3).mean(0), atol=1e-5)
    assert np.allclose(deviation[:2], array.reshape(-1, 3).std(0)[:2], atol=1e-5)
    assert np.isinf(deviation[2])  # a constant feature becomes 0


def test_words_carry_their_parts_of_speech_where_the_data_tell_them(folder):
    split = FeatureSplit.load(folder / "val")
    parts = dict(zip(split.words.tolist(), split.parts_of_speech.tolist(), strict=True))
    assert (parts["circle"], parts["red"], parts["a"]) == ("noun", "adjective", "")
    assert set(parts.values()) - {""} == set(ScenesParameters.parts_of_speech)


def test_no_file_holds_pickled_objects(folder):
    for path in folder.rglob("*.npy"):
        np.load(path, allow_pickle=False)


def test_lengths_must_agree(folder):
    split = FeatureSplit.load(folder / "val")
    with pytest.raises(InputError, match="'val': labels has 9 rows; expected 10 for 10 images"):
        replace(split, labels=split.labels[:9])


def test_a_folder_without_features(tmp_path):
    with pytest.raises(InputError, match="no saved features here"):
        FeatureSplit.load(tmp_path)


@pytest.mark.parametrize("boxes", ["published", "all", "none"])
def test_which_models_are_told_where_regions_are(boxes, dataset, tmp_path):
    chosen = SMALL.model_copy(update={"boxes": boxes, "documents": 0})
    build.build(dataset, chosen, tmp_path / boxes, torch.device("cpu"), ("train", "val"))
    split = FeatureSplit.load(tmp_path / boxes / "val")
    told = {"published": (False, True), "all": (True, True), "none": (False, False)}[boxes]
    for model, knows in zip((VSE, BEiT3), told, strict=True):
        view = model(TrainingParameters(), device="cpu").view(split)
        assert (view.boxes is not None) == knows
        assert view.regions is split.regions


def test_other_captions_are_read_as_the_features_own(folder, dataset):
    test, fitted = FeatureSplit.load(folder / "test"), Fitted.load(folder / FILE)
    own = dataset["test"]
    again = with_captions(test, fitted, own.captions, own.image_of_caption, SMALL.max_words)
    for name in ("tokens", "lengths", "text_of_caption", "image_of_caption", "documents"):
        np.testing.assert_array_equal(getattr(again, name), getattr(test, name))
    assert again.regions is test.regions


def test_other_captions_may_be_fewer_and_unknown(folder):
    test, fitted = FeatureSplit.load(folder / "test"), Fitted.load(folder / FILE)
    other = with_captions(test, fitted, ["#qwertz", "qwertz"], np.array([3, 3]), SMALL.max_words)
    assert other.text_of_caption.tolist() == [0, 0]  # one text that nobody can tell apart
    assert other.caption_ids.tolist() == [f"{test.image_ids[3]}-{i}" for i in range(2)]
