"""Checkpoints of tiny models: written, found again, and refused where they do not fit."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from fico_lib.datasets.parameters import KarpathyParameters, ScenesParameters
from fico_lib.encodings import Codes
from fico_lib.features.parameters import CropParameters, GridParameters
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.selfalign_parameters import SelfAlignParameters
from fico_lib.pipeline.card import WeightsCard, card_path, read_card
from fico_lib.pipeline.checkpoints import checkpoint_name, data_folder, features_path
from fico_lib.pipeline.encode import encode, trained_model
from fico_lib.pipeline.release import probe_metrics, release_features, release_weights
from fico_lib.pipeline.request import Request
from fico_lib.runtime.arrays import read_safetensors
from fico_lib.runtime.errors import InputError

TINY = TrainingParameters(
    max_steps=4, validation_interval=2, batch_size=32, width=16, dimension=16, bits=16
)
DATA = ScenesParameters(n_train=64, n_val=16, n_test=24, n_detector=30, n_extra=20, n_probe=20)
FEATURES = CropParameters(detector_epochs=1, dimension=16, documents=8)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Checkpoints of three models: the folder, the cache, and the requests that made them."""
    folder, cache = (tmp_path_factory.mktemp(name) for name in ("checkpoints", "cache"))
    asked = {
        model: Request(DATA, FEATURES, TINY, model, weights="release", folder=folder)
        for model in ("vse", "dadh", "xvlm")
    }
    release_features(asked["vse"], "abc", cache)
    for request in asked.values():
        release_weights(request, "abc", cache)
    return folder, cache, asked


@pytest.fixture
def copied(made, tmp_path):
    """Those checkpoints in a folder of the test's own: the released request of `vse`, its file."""
    folder = tmp_path / "checkpoints"
    shutil.copytree(made[0], folder)
    request = replace(made[2]["vse"], weights="released", folder=folder)
    return request, folder / "scenes-coco" / "vse-0.safetensors"


def changed(request, part, **update):
    return replace(request, **{part: getattr(request, part).model_copy(update=update)})


def rewrite(path, **changes):
    """Change a file's tensors, and its size on the card, as a person would who edits both."""
    state = load_file(path)
    save_file(state | changes, path, metadata={})
    edit_card(path, bytes=path.stat().st_size)


def edit_card(path, **changes):
    card = json.loads(card_path(path).read_text())
    card_path(path).write_text(json.dumps(card | changes))


@pytest.mark.parametrize("model", ["vse", "dadh", "xvlm"])
def test_the_recorded_metrics_are_found_again(made, tmp_path, model):
    folder, _, asked = made
    path = folder / "scenes-coco" / f"{model}-0.safetensors"
    card = read_card(path, WeightsCard)
    assert {"i2t R@1", "t2i R@10", "i2t mAP@10", "t2i mAP@N"} <= card.metrics.keys()
    assert probe_metrics(asked[model], path, tmp_path) == pytest.approx(card.metrics, abs=1e-3)


def test_what_has_no_value_is_null(made):
    path = made[0] / "scenes-coco" / "xvlm-0.safetensors"
    recorded = json.loads(card_path(path).read_text())["metrics"]
    assert set(map(type, recorded.values())) <= {float, type(None)}


def test_weights_are_stored_in_half_precision_and_counters_as_they_are(made):
    state = load_file(made[0] / "scenes-coco" / "dadh-0.safetensors")
    kinds = {tensor.dtype for tensor in state.values()}
    assert kinds == {torch.float16, torch.int64}


def test_a_card_says_what_the_weights_are(made):
    folder, _, asked = made
    path = folder / "scenes-coco" / "xvlm-0.safetensors"
    card = read_card(path, WeightsCard)
    assert (card.model, card.seed, card.commit) == ("xvlm", 0, "abc")
    assert card.data == DATA.model_dump(mode="json")
    assert card.training == TINY.model_dump(mode="json")
    assert card.bytes == path.stat().st_size
    assert card.seconds > 0
    assert {"processor", "gpu"} <= card.machine.keys()
    assert "torch" in card.versions
    vse = read_card(asked["vse"].weights_path, WeightsCard)
    assert vse.data["n_extra"] == 0  # it does not learn on them


def test_nothing_is_trained(made, monkeypatch, tmp_path):
    def never(*args, **kwargs):
        raise AssertionError("this should have come from a checkpoint")

    monkeypatch.setattr("fico_lib.features.crops.CropFeatures.fit", never)
    monkeypatch.setattr("fico_lib.models.base.trained.Trained.fit", never)
    for model, request in made[2].items():
        found = encode(replace(request, weights="released"), tmp_path)
        assert found.model == model
        assert found.image_ids[0].startswith("test-")
        assert {"train", "encode_images", "encode_texts"} <= found.timings.keys()
    assert isinstance(encode(replace(made[2]["dadh"], weights="released"), tmp_path), Codes)
    assert len(list((tmp_path / "features").iterdir())) == 1
    (features,) = (tmp_path / "features").iterdir()
    assert not (features / "extra").exists()


def test_a_variant_uses_the_weights_that_it_shares(made, tmp_path):
    both = [
        replace(made[2]["xvlm"], model=model, weights="released") for model in ("xvlm", "xvlm_nf")
    ]
    assert both[0].released_weights == both[1].released_weights
    assert both[0].encodings_key != both[1].encodings_key
    assert encode(both[1], tmp_path).model == "xvlm_nf"


def test_released_weights_give_what_the_trained_ones_do(made):
    _, cache, asked = made
    trained = trained_model(asked["vse"], cache).network.state_dict()
    released = trained_model(replace(asked["vse"], weights="released"), cache).network.state_dict()
    assert all(tensor.dtype == torch.float32 for tensor in released.values())
    for name, tensor in trained.items():
        assert torch.equal(released[name], tensor.half().float())


def test_a_changed_weight_is_noticed(copied, tmp_path):
    request, path = copied
    before = read_card(path, WeightsCard).metrics
    key = replace(request).encodings_key
    state = load_file(path)
    name = max(state, key=lambda name: state[name].numel())
    rewrite(path, **{name: -state[name].flip(0).contiguous()})
    assert probe_metrics(request, path, tmp_path) != pytest.approx(before, abs=1e-3)
    assert replace(request).encodings_key != key


class TestRefused:
    """A checkpoint that is broken or another's is refused by its name."""

    def test_unknown_keys_of_a_card(self, copied):
        request, path = copied
        edit_card(path, epochs=3)
        with pytest.raises(InputError, match=r"vse-0\.json: key 'epochs': Extra inputs"):
            _ = request.encodings_key

    def test_a_card_that_is_no_json(self, copied):
        request, path = copied
        card_path(path).write_text("{")
        with pytest.raises(InputError, match=r"vse-0\.json: not JSON"):
            _ = request.encodings_key

    def test_a_file_that_was_cut(self, copied):
        request, path = copied
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(InputError, match=r"vse-0\.safetensors: found \d+ bytes; expected"):
            _ = request.encodings_key

    def test_the_file_of_another_network(self, copied, tmp_path):
        request, path = copied
        shutil.copy(path.with_name("dadh-0.safetensors"), path)
        edit_card(path, bytes=path.stat().st_size)
        with pytest.raises(InputError, match=r"vse-0\.safetensors: not weights of 'vse'"):
            encode(request, tmp_path)

    def test_the_card_of_another_model(self, copied):
        request, path = copied
        for ending in (".safetensors", ".json"):
            shutil.copy(path.with_name(f"dadh-0{ending}"), path.with_suffix(ending))
        with pytest.raises(InputError, match=r"card\.model: found 'vse'; released 'dadh'"):
            _ = request.encodings_key

    def test_weights_whose_features_were_fitted_again(self, copied):
        request, _ = copied
        features = features_path(request.folder, DATA)
        fitted = load_file(features)
        save_file(fitted, features, metadata={"another": "file"})
        edit_card(features, bytes=features.stat().st_size)
        with pytest.raises(InputError, match=r"features\.safetensors: found .*; released for"):
            _ = request.encodings_key


class TestMismatch:
    """What differs is told before any work: the parameter, what was found, what is released."""

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"seed": 7}, "seeds: found 7; released 0"),
            ({"model": "vsrn"}, "model: found vsrn; released dadh, vse, xvlm"),
            ({"training": {"width": 24}}, r"training\.width: found 24; released 16"),
            ({"data": {"n_train": 65}}, r"data\.n_train: found 65; released 64"),
            ({"data": {"n_val": 17}}, r"data\.n_val: found 17; released 16"),
            ({"data": {"skew": "flickr"}}, r"nothing is released for scenes \(flickr\)"),
            ({"features": {"dimension": 24}}, r"features\.dimension: found 24; released 16"),
            ({"model": "xvlm", "data": {"n_extra": 5}}, r"data\.n_extra: found 5; released 20"),
        ],
    )
    def test_is_told(self, copied, change, message):
        request, _ = copied
        for part, value in change.items():
            if isinstance(value, dict):
                request = changed(request, part, **value)
            else:
                request = replace(request, **{part: value})
        with pytest.raises(InputError, match=message) as error:
            _ = request.encodings_key
        assert "-p weights=train" in str(error.value)
        assert "make checkpoints" in str(error.value)

    def test_all_that_differs_is_told_at_once(self, copied):
        request = changed(copied[0], "training", width=24, max_steps=3)
        with pytest.raises(InputError, match=r"(?s)training\.max_steps: found 3.*training\.width"):
            _ = request.encodings_key

    @pytest.mark.parametrize(
        ("part", "update"),
        [
            ("data", {"n_test": 30}),
            ("data", {"n_extra": 0}),
            ("training", {"threads": 2}),
            ("features", {"threads": 2}),
        ],
    )
    def test_what_does_not_change_the_weights_may_differ(self, copied, part, update):
        request, path = copied
        assert changed(request, part, **update).released_weights == path

    def test_features_of_other_kinds(self, copied):
        other = replace(copied[0], features=GridParameters(checkpoint="x"))
        with pytest.raises(InputError, match=r"features\.name: found 'grid'; released 'crops'"):
            _ = other.released_weights


def test_a_parameter_that_a_card_does_not_have_yet_is_told(copied):
    request, path = copied
    card = json.loads(card_path(path).read_text())
    del card["training"]["dropout"]
    edit_card(path, training=card["training"])
    with pytest.raises(InputError, match=r"training\.dropout: found 0\.1; released nothing"):
        _ = request.released_weights


def test_weights_without_a_card_are_not_released(copied):
    request, path = copied
    card_path(path).unlink()
    with pytest.raises(InputError, match=r"vse-0\.json: no such file"):
        _ = request.released_weights


def test_an_interrupted_release_leaves_nothing(made, monkeypatch, tmp_path):
    folder, cache, asked = made
    shutil.copytree(folder, tmp_path / "some")
    request = replace(asked["vse"], seed=1, folder=tmp_path / "some")

    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("fico_lib.pipeline.release.probe_metrics", stop)
    before = sorted((tmp_path / "some").rglob("*"))
    with pytest.raises(KeyboardInterrupt):
        release_weights(request, "abc", cache)
    assert sorted((tmp_path / "some").rglob("*")) == before


def test_names():
    assert data_folder(DATA) == "scenes-coco"
    assert data_folder(KarpathyParameters(root="x")) == "karpathy"
    assert checkpoint_name("xvlm_nf", TINY, 3) == "xvlm-3"
    variant = SelfAlignParameters(lca=False)
    assert checkpoint_name("selfalign", variant, 0) == "selfalign-vse-cra-0"
    # Plain parameters leave the choices of a model at their defaults.
    names = {checkpoint_name("selfalign", p, 0) for p in (TINY, SelfAlignParameters())}
    assert len(names) == 1


def test_a_value_beyond_half_precision_is_kept_in_single(made):
    from fico_lib.models.base import weights

    model = trained_model(replace(made[2]["vse"], weights="released"), made[1])
    name, first = next(iter(model.network.named_parameters()))
    with torch.no_grad():
        first.fill_(1e6)
    weights.save(model, made[1] / "large.safetensors", torch.float16)
    stored, _ = read_safetensors(made[1] / "large.safetensors")
    assert stored.pop(name).dtype == np.float32
    assert {array.dtype for array in stored.values() if array.dtype.kind == "f"} == {
        np.dtype(np.float16)
    }
    with torch.no_grad():
        first.fill_(torch.nan)
    with pytest.raises(ValueError, match=f"'vse': {name} is not finite"):
        weights.save(model, made[1] / "broken.safetensors", torch.float16)


def test_asking_for_checkpoints_costs_nothing_heavy():
    code = (
        "import sys\n"
        "from fico_lib.report.accuracy_parameters import AccuracyParameters\n"
        "from fico_lib.pipeline.request import Request\n"
        "from fico_lib.pipeline.checkpoints import released_weights, checkpoint_name\n"
        "from fico_lib.models.base.parameters import TrainingParameters\n"
        "checkpoint_name('selfalign', TrainingParameters(), 0)\n"
        "print([m for m in ('torch', 'transformers', 'safetensors') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_encodings_are_the_same_twice(made, tmp_path):
    request = replace(made[2]["vse"], weights="released")
    one, other = encode(request, tmp_path / "one"), encode(request, tmp_path / "other")
    assert np.array_equal(one.images, other.images)
