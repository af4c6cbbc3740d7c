"""The k-occurrence beside a count over all tie orders."""

import itertools

import numpy as np
import pytest
import torch
from scipy.stats import skew

from fico_lib.encodings import Codes, Scores
from fico_lib.evaluation import evaluate
from fico_lib.evaluation.hubs import HubCollector
from fico_lib.metrics.hubness import chance_skewness, skewness
from fico_lib.runtime.errors import InputError
from fico_lib.similarity.backend import TorchBackend


def occurrence(scores, k):
    """By the mean over all orders of the candidates that agree with the scores."""
    total = np.zeros(scores.shape[1])
    for row in scores:
        orders = [o for o in itertools.permutations(range(len(row)))
                  if all(row[a] >= row[b] for a, b in itertools.pairwise(o))]  # fmt: skip
        for order in orders:
            total[list(order[:k])] += 1 / len(orders)
    return total


@pytest.mark.parametrize("tensors", [False, True])
@pytest.mark.parametrize("k", [1, 2, 5, 9])
def test_occurrence_is_the_mean_over_orders(k, tensors):
    scores = np.random.default_rng(k).integers(0, 3, (4, 5)).astype(np.float32)
    found = HubCollector(4, 5, k)
    found.add(slice(0, 4), torch.from_numpy(scores) if tensors else scores)
    np.testing.assert_allclose(found.occurrence, occurrence(scores, min(k, 5)), atol=1e-9)


@pytest.mark.parametrize(
    "tasks", [("instance",), ("category", "instance"), ("instance", "category")]
)
def test_skewness_of_a_result(tasks):
    rng = np.random.default_rng(0)
    scores, of, labels = rng.random((6, 18)), np.arange(18) // 3, rng.random((6, 3)) < 0.5
    found = evaluate(Scores(scores, None, of), labels, tasks=tasks, hubness=2)
    for direction, s in (("i2t", scores), ("t2i", scores.T)):
        top = np.argsort(-s, axis=1)[:, :2]
        counts = np.bincount(top.ravel(), minlength=s.shape[1])
        assert found.hubness[direction]["skewness"] == pytest.approx(skew(counts))
        assert found.hubness[direction]["largest"] == counts.max() / len(s)
    plain = evaluate(Scores(scores, None, of), labels)
    assert found.instance["i2t"].metrics == plain.instance["i2t"].metrics
    assert found.to_dict()["hubness"]["i2t"]["k"] == 2
    assert "hubness" not in plain.to_dict()


@pytest.mark.parametrize("tensors", [False, True])
def test_codes_have_hubs(tensors):
    rng = np.random.default_rng(0)
    images, texts = rng.random((5, 6)) < 0.5, rng.random((5, 6)) < 0.5
    device = TorchBackend(torch.device("cpu")) if tensors else "cpu"
    found = evaluate(Codes.pack(images, texts, np.arange(5)), hubness=2, device=device)
    counts = occurrence(-(images[:, None] != texts).sum(2), 2)
    assert found.hubness["i2t"]["skewness"] == pytest.approx(skew(counts))


def test_random_rankings_are_at_chance():
    rng = np.random.default_rng(0)
    counts = rng.binomial(100, 0.01, 2_000_000)
    assert skewness(counts) == pytest.approx(chance_skewness(100, 1000, 10), abs=0.01)
    assert chance_skewness(5, 3, 9) == 0


def test_equal_occurrence_has_no_skewness_and_too_few_scores_none():
    assert skewness(np.full(7, 1 / 3)) == 0
    partial = Scores(np.array([[1.0, -9], [-9, 1.0]]), np.ones((2, 2)), np.arange(2), missing=-9.0)
    found = evaluate(partial, hubness=2).hubness
    assert found["i2t"]["skewness"] is None
    assert found["t2i"]["skewness"] == 0


@pytest.mark.parametrize("k", [0, -1, True, "2", 1.5])
def test_k_is_a_number(k):
    with pytest.raises(InputError, match="hubness: found"):
        evaluate(Scores(np.ones((2, 2)), None, np.arange(2)), hubness=k)
