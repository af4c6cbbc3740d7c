"""The closed-form heads beside their formulas, and what the controls made of them can do."""

from dataclasses import replace

import numpy as np
import pytest

from fico_lib.encodings import Codes
from fico_lib.evaluation import evaluate
from fico_lib.models import CLOSED_FORM, build
from fico_lib.models import controls as module
from fico_lib.models.base import weights
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.controls import (
    Affine,
    Vectors,
    code_head,
    four,
    label_head,
    pair_head,
    regression,
    vectors_of,
)
from fico_lib.models.latent import LatentSemantics, leading_directions
from fico_lib.runtime.errors import InputError


def test_regression_by_hand():
    # Variance 1, of which a tenth is added: the slope 2 shrinks to 2 / 1.1.
    predict = regression(np.array([[-1.0], [1.0]]), np.array([[3.0], [7.0]]))
    assert predict(np.array([[0.0], [1.0]])) == pytest.approx(np.array([[5.0], [5 + 2 / 1.1]]))


def test_canonical_directions_correlate_in_pairs_only(monkeypatch):
    monkeypatch.setattr(module, "RIDGE", 0.0)
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(400, 2))
    images = np.hstack([shared, rng.normal(size=(400, 2))]) @ rng.normal(size=(4, 4))
    texts = np.hstack([shared, rng.normal(size=(400, 1))]) @ rng.normal(size=(3, 3))
    of = rng.permutation(400)
    of_images, of_texts = pair_head(Vectors(images, texts[of], of, None))
    a, b = of_images(images[of]), of_texts(texts[of])
    cross, own = a.T @ b / 400, a.T @ a / 400
    correlation = np.sqrt(np.diag(own))
    assert correlation[:2] == pytest.approx(1, abs=1e-6)  # the two shared directions
    assert own == pytest.approx(np.diag(correlation**2), abs=1e-8)
    assert cross == pytest.approx(np.diag(correlation**3), abs=1e-8)


def test_codes_are_of_each_side_around_its_own_mean():
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(300, 6))
    of_images, of_texts = code_head(vectors, vectors + 5.0, bits=16, seed=0)
    images, texts = of_images(vectors), of_texts(vectors + 5.0)
    assert images.shape == (300, 16)
    assert images == pytest.approx(texts, abs=1e-5)
    assert len(np.unique(images >= 0, axis=0)) > 50


def test_two_maps_are_one():
    rng = np.random.default_rng(2)
    first, second = (Affine(rng.normal(size=s), rng.normal(size=s[1])) for s in ((3, 4), (4, 2)))
    vectors = rng.normal(size=(5, 3))
    assert first.then(second)(vectors) == pytest.approx(second(first(vectors)))


def test_leading_directions_are_those_of_the_svd():
    matrix = np.random.default_rng(4).normal(size=(60, 40)) * np.geomspace(1, 1e-3, 40)
    found = leading_directions(matrix, 5)
    expected = np.linalg.svd(matrix)[2][:5].T
    assert np.abs(found.T @ expected) == pytest.approx(np.eye(5), abs=1e-6)


def test_a_word_of_every_text_and_an_unknown_word_weigh_nothing():
    tokens = np.array([[2, 3, 0], [2, 4, 4]])
    space = LatentSemantics(tokens, np.array([2, 3]), words=6, dimension=2)
    assert space.weights[2] == space.weights[5] == 0
    found = space(np.array([[2, 3], [4, 0], [5, 0]]), np.array([2, 1, 1]))
    # The texts become the unit vectors of words 3 and 4; a text of unknown words is 0.
    assert found @ found.T == pytest.approx(np.diag([1.0, 1.0, 0.0]))


SMALL = TrainingParameters(dimension=8, bits=16)


@pytest.fixture(scope="module", params=CLOSED_FORM)
def control(request, splits):
    made = build(request.param, SMALL, device="cpu")
    made.fit(*splits[:2])
    return made


def test_a_control_is_above_chance_and_the_same_twice(control, splits):
    test = splits[2]
    encodings = control.encode(test)
    assert encodings.model == control.card.name
    assert isinstance(encodings, Codes) == control.card.name.endswith("binary")
    assert (encodings.caption_ids == test.caption_ids).all()
    for direction in evaluate(encodings, test.labels, tasks="category").category.values():
        assert direction["mAP@N"] > direction.chance["mAP@N"] + 20
    again = build(control.card.name, SMALL, device="cpu")
    again.fit(*splits[:2])
    assert (again.encode(test).texts == encodings.texts).all()


def test_two_layers_are_the_heads_on_latent_semantics(control, splits):
    train, _, test = splits
    space = LatentSemantics(train.tokens, train.lengths, train.vocabulary_size, SMALL.dimension)
    seen, unseen = vectors_of(train, space), vectors_of(test, space)
    heads = {"pairs": pair_head(seen), "labels": label_head(seen)}
    expected = {e.model: e for e in four(seen, unseen, heads, SMALL.bits, seed=0)}
    found, wanted = control.encode(test), expected[control.card.name]
    if isinstance(found, Codes):  # a value next to 0 may change its sign
        differ = np.unpackbits(found.texts ^ wanted.texts)
        assert differ.mean() < 1e-3
    else:
        width = wanted.texts.shape[1]
        assert found.texts[:, :width] == pytest.approx(wanted.texts, abs=1e-4)
        assert (found.texts[:, width:] == 0).all()


def test_a_control_is_found_again_in_its_file(control, splits, tmp_path):
    test, path = splits[2], tmp_path / "control.safetensors"
    weights.save(control, path)
    loaded = build(control.card.name, SMALL, device="cpu")
    weights.load(loaded, test, path)
    assert (loaded.encode(test).images == control.encode(test).images).all()


def test_labels_are_needed_by_heads_of_labels_alone(splits):
    train, val, _ = (replace(split, labels=None) for split in splits)
    build("pairs_float", SMALL, device="cpu").fit(train, val)
    with pytest.raises(InputError, match="'labels_float' needs labels, and split 'train' has none"):
        build("labels_float", SMALL, device="cpu").fit(train, val)
