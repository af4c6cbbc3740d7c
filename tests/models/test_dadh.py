"""DADH's adversary and the scales of its terms."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from fico_lib.models import build, dadh
from fico_lib.models.base.losses import weighted_triplet
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.training import batches
from fico_lib.models.dadh import told

SMALL = TrainingParameters(batch_size=16, width=16, bits=16, dropout=0)


@pytest.fixture
def model(splits):
    made = build("dadh", SMALL, 0, "cpu")
    torch.manual_seed(0)
    made.network = made.build(splits[0]).eval()
    made._train_critics = lambda *sides: None  # the critics stand still
    return made


@pytest.fixture
def batch(splits):
    return next(batches(splits[0], 16, np.random.default_rng(0), torch.device("cpu")))


def test_a_critic_learns_by_cross_entropy():
    def judge(codes):
        return codes  # the code is the logit

    found = told(judge, torch.tensor([[2.0], [0.0]]), torch.tensor([[1.0], [-3.0]]))
    images = (math.log(1 + math.exp(-2)) + math.log(2)) / 2
    texts = (math.log(1 + math.exp(1)) + math.log(1 + math.exp(-3))) / 2
    assert found.item() == pytest.approx(images + texts)


def test_triplets_and_squares_are_sums_and_the_adversary_a_mean(model, batch):
    network = model.network
    features = (
        network.image(batch.whole),
        network.text(network.whole_text(batch.tokens, batch.lengths)),
    )
    codes = network.image_code(features[0]), network.text_code(features[1])
    cosine = normalize(codes[0], dim=1) @ normalize(codes[1], dim=1).T
    shared = batch.labels @ batch.labels.T
    triplet = weighted_triplet(cosine, shared) + weighted_triplet(cosine.T, shared)
    squares = sum(((model.codes[batch.rows] - code) ** 2).sum() for code in codes)
    adversary = 0.0  # texts are to be taken for images
    for judge, text in zip(model.critics, (features[1], codes[1]), strict=True):
        adversary -= torch.sigmoid(judge(text)).log().mean()
    expected = 10 * triplet + squares + adversary
    assert model.loss(batch).item() == pytest.approx(expected.item(), rel=1e-5)


def test_the_adversary_of_codes_teaches_the_last_layer_of_texts_alone(model, batch, monkeypatch):
    monkeypatch.setattr(dadh, "TRIPLET", 0.0)
    monkeypatch.setattr(dadh, "QUANTISATION", 0.0)
    with torch.no_grad():
        for parameter in model.critics[0].parameters():
            parameter.zero_()  # the critic of features teaches nothing
    model.loss(batch).backward()
    taught = {
        name.split(".")[0]
        for name, parameter in model.network.named_parameters()
        if parameter.grad is not None and parameter.grad.abs().sum() > 0
    }
    assert taught == {"text_code"}


def test_the_critics_learn_to_tell_images_from_texts(splits):
    made = build("dadh", SMALL, 0, "cpu")
    made.network = made.build(splits[0])
    torch.manual_seed(0)
    images = [torch.randn(32, 32) + 1, torch.rand(32, 16)]
    texts = [torch.randn(32, 32) - 1, -torch.rand(32, 16)]
    sides = list(zip(made.critics, images, texts, strict=True))
    before = [told(*side).item() for side in sides]
    for _ in range(100):
        made._train_critics(images, texts)
    assert all(told(*side).item() < 0.7 * old for side, old in zip(sides, before, strict=True))
