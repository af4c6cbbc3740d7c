"""The closed-form heads beside their formulas, and what the four controls can do."""

import numpy as np
import pytest

from fico_lib.encodings import Codes, Embeddings
from fico_lib.evaluation import evaluate
from fico_lib.models import controls as module
from fico_lib.models.controls import Vectors, codes_of, controls, pair_head, regression
from fico_lib.models.latent import LatentSemantics, leading_directions


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
    labels = np.ones((400, 1), bool)
    a, b = pair_head(Vectors(images, texts[of], of, labels))(images[of], texts[of])
    cross, own = a.T @ b / 400, a.T @ a / 400
    correlation = np.sqrt(np.diag(own))
    assert correlation[:2] == pytest.approx(1, abs=1e-6)  # the two shared directions
    assert own == pytest.approx(np.diag(correlation**2), abs=1e-8)
    assert cross == pytest.approx(np.diag(correlation**3), abs=1e-8)


def test_codes_are_of_each_side_around_its_own_mean():
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(300, 6))
    encode = codes_of(vectors, vectors + 5.0, bits=16, seed=0)
    images, texts = encode(vectors, vectors + 5.0)
    assert images.shape == (300, 2)
    assert np.array_equal(images, texts)
    assert len(np.unique(images, axis=0)) > 50


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


def test_the_four_controls(splits):
    train, _, test = splits
    made = controls(train, test, dimension=8, bits=16)
    assert [e.model for e in made] == [
        "pairs_float",
        "pairs_binary",
        "labels_float",
        "labels_binary",
    ]
    assert [type(e) for e in made] == [Embeddings, Codes, Embeddings, Codes]
    assert all((e.caption_ids == test.caption_ids).all() for e in made)
    for encodings in made:
        found = evaluate(encodings, test.labels, tasks="category").category
        for direction in found.values():
            assert direction["mAP@N"] > direction.chance["mAP@N"] + 20
    again = controls(train, test, dimension=8, bits=16)
    assert all((a.images == b.images).all() for a, b in zip(made, again, strict=True))
