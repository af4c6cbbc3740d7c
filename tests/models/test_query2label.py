"""The labeller: its loss, what it learns, what it must not read, what it refuses."""

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from fico_lib.models.base import weights
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.query2label import LabelDecoder, Query2Label, asymmetric_loss, micro_f1
from fico_lib.runtime.errors import InputError

SHORT = TrainingParameters(max_steps=120, validation_interval=40, patience=80)


@pytest.fixture(scope="module")
def fitted(splits):
    labeller = Query2Label(SHORT, seed=1, device="cpu")
    labeller.fit(*splits[:2])
    return labeller


def test_loss_by_hand():
    # Odds of 1: p is a half, a positive costs log 2 and a negative half of it.
    loss = asymmetric_loss(torch.zeros(1, 2), torch.tensor([[1.0, 0.0]]))
    assert loss.item() == pytest.approx(1.5 * math.log(2) / 2)


def test_a_sure_negative_costs_less_than_by_cross_entropy():
    odds, absent = torch.tensor([[-3.0]]), torch.zeros(1, 1)
    p = torch.sigmoid(odds).item()
    assert asymmetric_loss(odds, absent).item() == pytest.approx(-p * math.log(1 - p))


def test_the_order_of_regions_does_not_matter():
    torch.manual_seed(0)
    network = LabelDecoder(10, 3, SHORT).eval()
    regions, boxes = torch.randn(2, 5, 6), torch.rand(2, 5, 4)
    order = torch.randperm(5)
    found = network(regions[:, order], boxes[:, order])
    assert found.shape == (2, 3)
    assert torch.allclose(found, network(regions, boxes), atol=1e-5)


def test_it_learns(fitted, splits):
    test = splits[2]
    probable = fitted.probabilities(test)
    assert probable.shape == test.labels.shape
    assert probable.min() >= 0
    assert probable.max() <= 1
    assert 0.05 <= fitted.threshold <= 0.95
    assert micro_f1(fitted.labels(test), test.labels) > 0.5  # each of 8 kinds: chance is 0.22


def test_labels_of_what_is_labelled_are_not_read(fitted, splits):
    test = splits[2]
    unlabelled = replace(test, labels=None)
    assert (fitted.probabilities(unlabelled) == fitted.probabilities(test)).all()


def test_the_same_seed_gives_the_same_labels(fitted, splits):
    again = Query2Label(SHORT, seed=1, device="cpu")
    again.fit(*splits[:2])
    assert (again.probabilities(splits[2]) == fitted.probabilities(splits[2])).all()
    assert again.threshold == fitted.threshold


def test_the_threshold_is_kept_with_the_weights(fitted, splits, tmp_path):
    other = Query2Label(SHORT, seed=1, device="cpu")
    other.network = copy.deepcopy(fitted.network)
    other.network.threshold.fill_(0.25)
    weights.save(other, tmp_path / "labeller.safetensors")
    loaded = Query2Label(SHORT, seed=1, device="cpu")
    weights.load(loaded, splits[2], tmp_path / "labeller.safetensors")
    assert loaded.threshold == 0.25
    assert (loaded.labels(splits[2]) == (fitted.probabilities(splits[2]) >= 0.25)).all()


@pytest.mark.parametrize("need", ["regions", "labels"])
def test_what_it_needs(splits, need):
    train, val, _ = splits
    with pytest.raises(InputError, match=f"needs {need}, and split 'val' has none"):
        Query2Label(SHORT).fit(train, replace(val, **{need: None}))


def test_an_untrained_one_labels_nothing(splits):
    with pytest.raises(RuntimeError, match="call fit first"):
        Query2Label(SHORT).labels(splits[2])


def test_f1_of_nothing_is_zero():
    nothing = np.zeros((2, 3), bool)
    assert micro_f1(nothing, nothing) == 0
    assert micro_f1(~nothing, ~nothing) == 1
