import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fico_lib.datasets.parameters import ScenesParameters
from fico_lib.encodings import Codes, Embeddings
from fico_lib.features.parameters import CropParameters, GridParameters
from fico_lib.models import MODELS, PRETRAINED, model_card, model_class, training_parameters
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.training import DivergedError
from fico_lib.models.selfalign_parameters import SelfAlignParameters
from fico_lib.pipeline import encode as step
from fico_lib.pipeline.encode import build_features, encode
from fico_lib.pipeline.request import Request
from fico_lib.runtime import digests
from fico_lib.runtime.errors import InputError

REQUEST = Request(
    ScenesParameters(n_train=64, n_val=16, n_test=24, n_detector=30),
    CropParameters(detector_epochs=1, dimension=16),
    TrainingParameters(max_steps=4, batch_size=32, width=16, dimension=16, bits=16),
    "vse",
)


def changed(part, **update):
    return replace(REQUEST, **{part: getattr(REQUEST, part).model_copy(update=update)})


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    encode(REQUEST, cache)
    return cache


def test_the_registry_knows_which_models_pre_train():
    assert [name for name in MODELS if model_card(name).pretrained] == list(PRETRAINED)


@pytest.mark.parametrize("name", MODELS)
def test_the_registry_knows_the_parameters_of_every_model(name):
    used = model_class(name).adjusted(TrainingParameters())
    assert type(training_parameters(name, {})) is type(used)


def forbid(monkeypatch, *names):
    def never(*args, **kwargs):
        raise AssertionError("this should have come from the cache")

    for name in names:
        monkeypatch.setattr(step, name, never)


def test_what_is_kept_is_not_computed_again(cache, monkeypatch):
    forbid(monkeypatch, "load_dataset", "build_model")
    found = encode(REQUEST, cache)
    assert isinstance(found, Embeddings)
    assert found.images.shape == (24, 16)
    assert found.model == "vse"
    assert found.image_ids[0].startswith("test-")
    assert set(found.timings) == {"train", "encode_images", "encode_texts"}


def test_models_share_the_features(cache, monkeypatch):
    forbid(monkeypatch, "load_dataset")
    assert isinstance(encode(replace(REQUEST, model="dadh"), cache), Codes)
    assert len(list((cache / "features").iterdir())) == 1


class TestSharedWeights:
    """A model and its variants are trained once, whichever comes first."""

    @pytest.mark.parametrize("order", [("blip2", "blip2_nf"), ("blip2_nf", "blip2")])
    def test_training_happens_once(self, tmp_path, monkeypatch, order):
        from fico_lib.models.blip2 import BLIP2

        trained, real = [], BLIP2.fit

        def fit(self, *splits):
            trained.append((self.card.name, [split.name for split in splits]))
            real(self, *splits)

        monkeypatch.setattr(BLIP2, "fit", fit)
        monkeypatch.setattr(BLIP2, "rerank_k", 8)
        found = {name: encode(replace(REQUEST, model=name), tmp_path) for name in order}
        assert trained == [("blip2", ["train", "val"])]
        assert found["blip2"].timings["train"] == found["blip2_nf"].timings["train"]
        # Few candidates are reranked: those that the variant ranks first.
        kept, dual = np.isfinite(found["blip2"].i2t), found["blip2_nf"].i2t
        assert not kept.all()
        for scored, similarity in zip(kept, dual, strict=True):
            assert similarity[scored].min() >= similarity[~scored].max() - 1e-6
        assert len(list((tmp_path / "models").iterdir())) == 1

    def test_their_key(self):
        one, other = (replace(REQUEST, model=m) for m in ("xvlm", "xvlm_nf"))
        assert one.weights_key == other.weights_key
        assert replace(REQUEST, model="scan").weights_key is None
        longer = replace(changed("training", max_steps=6), model="xvlm")
        assert longer.weights_key != one.weights_key
        assert one.encodings_key != other.encodings_key

    def test_broken_weights_are_named(self, tmp_path):
        request = replace(REQUEST, model="blip2_nf")
        encode(request, tmp_path)
        folder = tmp_path / "models" / request.weights_key
        (folder / "weights.safetensors").write_bytes(b"no weights")
        with pytest.raises(InputError, match=r"weights.safetensors"):
            encode(replace(request, model="blip2"), tmp_path)


def test_pre_training_reads_the_extra_split(tmp_path, monkeypatch):
    from fico_lib.models.beit3 import BEiT3

    seen = []
    monkeypatch.setattr(
        BEiT3, "_learn", lambda self, split, *rest: seen.append((split.name, len(split.image_ids)))
    )
    encode(replace(changed("data", n_extra=20), model="beit3"), tmp_path)
    assert seen == [("extra", 20), ("train", 64)]


def test_folders_have_the_names_of_their_keys(cache):
    assert (cache / "features" / REQUEST.features_key).is_dir()
    assert (cache / "encodings" / REQUEST.encodings_key).is_dir()


def test_a_fresh_cache_gives_the_same_encodings(cache, tmp_path):
    one, other = encode(REQUEST, cache), encode(REQUEST, tmp_path)
    assert np.array_equal(one.images, other.images)
    assert np.array_equal(one.texts, other.texts)


def test_another_split_can_be_encoded(tmp_path):
    found = encode(replace(REQUEST, split="val"), tmp_path)
    assert found.image_ids[0].startswith("val-")


@pytest.mark.parametrize(
    ("request_", "features_too"),
    [
        (changed("data", seed=1), True),
        (changed("data", n_test=25), True),
        (changed("features", detector_noise=0.5), True),
        (changed("features", min_count=1), True),
        (changed("training", max_steps=6), False),
        (replace(REQUEST, model="dadh"), False),
        (replace(REQUEST, seed=1), False),
        (replace(REQUEST, split="val"), True),
        (replace(REQUEST, device="cpu"), True),
    ],
)
def test_every_parameter_is_in_the_key(request_, features_too):
    assert request_.encodings_key != REQUEST.encodings_key
    assert (request_.features_key != REQUEST.features_key) == features_too


@pytest.mark.parametrize(
    ("module", "features", "vse", "dadh"),
    [
        ("features/crop_cnn.py", True, True, True),
        ("features/text.py", True, True, True),
        ("datasets/scenes/render.py", True, True, True),
        ("pipeline/encode.py", True, True, True),
        ("models/base/training.py", False, True, True),
        ("models/vse.py", False, True, False),
        ("models/dadh.py", False, False, True),
        ("features/grid.py", False, False, False),
        ("models/__init__.py", False, False, False),
        ("cli/__init__.py", False, False, False),
    ],
)
def test_an_edit_changes_the_keys_of_what_it_touches(monkeypatch, module, features, vse, dadh):
    def all_keys():
        first, other = replace(REQUEST), replace(REQUEST, model="dadh")
        return [first.features_key, first.encodings_key, other.encodings_key]

    before, real = all_keys(), digests.file_digest

    def edited(path):
        return "edited" if Path(path) == digests.LIBRARY / module else real(path)

    monkeypatch.setattr(digests, "file_digest", edited)
    monkeypatch.setattr("fico_lib.pipeline.request.file_digest", edited)
    assert [a != b for a, b in zip(before, all_keys(), strict=True)] == [features, vse, dadh]


def test_a_key_is_computed_once(monkeypatch):
    request = replace(REQUEST, model="xvlm")
    computed = request.encodings_key, request.weights_key
    monkeypatch.setattr("fico_lib.pipeline.request.digest", None)
    assert (request.encodings_key, request.weights_key) == computed


def test_a_request_is_told_in_a_person_s_words():
    assert REQUEST.label == "vse on scenes (coco), seed 0"
    training = SelfAlignParameters(cra=False, aligned="noun")
    aligned = replace(REQUEST, model="selfalign", training=training, seed=3)
    assert aligned.label == "selfalign (vse + LCA of nouns, 100 concepts) on scenes (coco), seed 3"


def test_keys_cost_nothing_heavy():
    code = (
        "import sys\n"
        "from fico_lib.pipeline.request import Request\n"
        "from fico_lib.datasets.parameters import ScenesParameters\n"
        "from fico_lib.features.parameters import CropParameters\n"
        "from fico_lib.models.base.parameters import TrainingParameters\n"
        "parts = ScenesParameters(), CropParameters(), TrainingParameters()\n"
        "Request(*parts, 'vse').encodings_key\n"
        "print([m for m in ('torch', 'transformers', 'faiss') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


class TestFailure:
    """Nothing half-written stays behind, and what was there is used the next time."""

    def test_in_features(self, tmp_path, monkeypatch):
        def fail(*args):
            raise KeyboardInterrupt

        monkeypatch.setattr("fico_lib.features.build.Vocabulary.fit", fail)
        with pytest.raises(KeyboardInterrupt):
            build_features(REQUEST, tmp_path)
        assert list((tmp_path / "features").iterdir()) == []

    def test_in_training(self, cache):
        request = changed("training", learning_rate=1.0, weight_decay=0.0)
        before = sorted((cache / "encodings").iterdir())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                "fico_lib.models.base.losses.info_nce",
                lambda similarity: similarity.sum() * float("nan"),
            )
            with pytest.raises(DivergedError, match="'vse'"):
                encode(request, cache)
        assert sorted((cache / "encodings").iterdir()) == before

    def test_labels_missing(self, tmp_path, monkeypatch):
        from fico_lib.datasets import load_dataset

        def bare(data):
            dataset = load_dataset(data)
            splits = {name: replace(s, labels=None) for name, s in dataset.splits.items()}
            return replace(dataset, splits=splits)

        monkeypatch.setattr(step, "load_dataset", bare)
        with pytest.raises(InputError, match="'dadh' needs labels"):
            encode(replace(REQUEST, model="dadh"), tmp_path)
        assert not (tmp_path / "features").exists()


class TestCheckpoint:
    @pytest.fixture
    def request_(self, tmp_path):
        folder = tmp_path / "vision"
        folder.mkdir()
        for name in ("config.json", "preprocessor_config.json", "model.safetensors"):
            (folder / name).write_text(name)
        return replace(REQUEST, features=GridParameters(checkpoint=str(folder))), folder

    def test_its_files_are_in_the_key(self, request_):
        request, folder = request_
        before = request.features_key
        (folder / "model.safetensors").write_text("other weights")
        assert replace(request).features_key != before

    def test_its_place_is_not(self, request_):
        request, folder = request_
        before = request.features_key
        moved = folder.rename(folder.with_name("moved"))
        there = replace(request, features=GridParameters(checkpoint=str(moved)))
        assert there.features_key == before

    def test_its_absence_shows_when_the_study_is_planned(self, request_):
        request, folder = request_
        (folder / "config.json").unlink()
        with pytest.raises(InputError, match=r"features.checkpoint: .*config.json is missing"):
            _ = request.features_key
