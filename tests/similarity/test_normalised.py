"""Dual softmax and querybank normalisation, block by block, beside their formulas on a matrix."""

import numpy as np
import pytest
import torch
from scipy.special import logsumexp, softmax

from fico_lib.encodings import Codes, Embeddings, Scores
from fico_lib.evaluation import evaluate
from fico_lib.runtime.errors import InputError
from fico_lib.similarity import similarity
from fico_lib.similarity.backend import NumpyBackend, TorchBackend
from fico_lib.similarity.blocks import source
from fico_lib.similarity.normalised import SHARPNESS, NormalisedBlocks

N, M, D = 7, 21, 5
OF = np.arange(M) % N
RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((N, D)), RNG.standard_normal((M, D))


def formula(s, method):
    """As published, on the whole matrix (queries, candidates)."""
    weights = softmax(SHARPNESS[method] * s, axis=0)
    return s * weights if method == "dual-softmax" else weights


def encodings(kind):
    if kind == "codes":
        return Codes.pack(X > 0, Y > 0, OF), 1 + 2 * similarity(X > 0, Y > 0, "hamming")
    if kind == "scores":
        s = RNG.standard_normal((N, M))
        return Scores(s, None, OF), s
    return Embeddings(X, Y, OF), similarity(X, Y, "cosine")


@pytest.mark.parametrize("tensors", [False, True])
@pytest.mark.parametrize("method", SHARPNESS)
@pytest.mark.parametrize("kind", ["embeddings", "scores", "codes"])
@pytest.mark.parametrize("memory", [1 << 30, 4000])
def test_blocks_equal_the_formula(kind, method, tensors, memory):
    given, s = encodings(kind)
    backend = TorchBackend(torch.device("cpu")) if tensors else NumpyBackend()
    blocks = source(given, None, backend, 1 << 30)
    found = NormalisedBlocks(blocks, given, method, memory)
    for direction, matrix in (("i2t", s), ("t2i", s.T)):
        rows = np.array([0, 3, 5])
        block = np.asarray(found.block(direction, rows))
        expected = formula(matrix, method)[rows]
        if method == "qb-norm":
            np.testing.assert_allclose(block, np.log(expected), rtol=1e-9, atol=1e-9)
        else:
            np.testing.assert_allclose(block / SHARPNESS[method], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("method", SHARPNESS)
@pytest.mark.parametrize("kind", ["embeddings", "scores", "codes"])
def test_the_evaluation_ranks_what_is_normalised(kind, method):
    given, s = encodings(kind)
    labels = RNG.random((N, 3)) < 0.5
    found = evaluate(given, labels, normalise=method, hubness=3)
    expected = evaluate(Scores(formula(s, method), formula(s.T, method), OF), labels, hubness=3)
    for task, direction, part in expected.parts():
        mine = getattr(found, task)[direction]
        assert mine.metrics == pytest.approx(part.metrics, abs=1e-6), (task, direction)
    for direction in ("i2t", "t2i"):
        assert found.hubness[direction] == pytest.approx(expected.hubness[direction])
    assert found.about["normalise"].startswith(f"{method} (queries see each other")
    assert "queries see each other" in found.to_dict()["conventions"]["normalise"]


@pytest.mark.parametrize("method", SHARPNESS)
def test_equal_candidates_still_tie(method):
    images = np.repeat(X[:1], 6, axis=0)
    found = evaluate(Embeddings(images, Y[:6], np.arange(6)), normalise=method, recall_at=1)
    for direction in ("i2t", "t2i"):
        low, high = found.instance["t2i"].tie_interval["R@1"]
        assert (low, high) == (0, 100), direction


def test_qb_norm_takes_any_range_and_dual_softmax_says_what_it_takes():
    s = 1e6 * RNG.standard_normal((4, 8))
    given = Scores(s, None, np.arange(8) % 4)
    found = evaluate(given, normalise="qb-norm").instance["i2t"]
    log = 20 * s - logsumexp(20 * s, axis=0)
    assert (
        found.metrics == evaluate(Scores(log, None, given.image_of_caption)).instance["i2t"].metrics
    )
    with pytest.raises(InputError, match=r"span .* expected at most 7, as cosines do"):
        evaluate(given, normalise="dual-softmax")


def test_what_cannot_be_normalised_is_told():
    partial = Scores(np.array([[1.0, -9.0]]), None, np.zeros(2, int), missing=-9.0)
    with pytest.raises(InputError, match="found partial scores"):
        evaluate(partial, normalise="qb-norm")
    with pytest.raises(InputError, match="unknown normalisation 'qbnorm': did you mean 'qb-norm'"):
        evaluate(Embeddings(X, Y, OF), normalise="qbnorm")


def test_a_hub_is_taken_back():
    """One caption near to all images takes every first place; normalised, it does not."""
    scores = 0.1 + 0.7 * np.eye(8)
    scores[:, 0] = 0.9
    given = Scores(scores, None, np.arange(8))
    plain = evaluate(given, hubness=1)
    assert plain.hubness["i2t"]["largest"] == 1
    for method in SHARPNESS:
        found = evaluate(given, hubness=1, normalise=method)
        assert found.hubness["i2t"]["skewness"] < plain.hubness["i2t"]["skewness"]
        assert found.instance["i2t"]["R@1"] > plain.instance["i2t"]["R@1"]
