import numpy as np
import pytest
import torch

from fico_lib.encodings import Codes
from fico_lib.models import adv, build
from fico_lib.models.adv import CodeNetwork, Reversed, quantisation
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.training import batches

SMALL = TrainingParameters(max_steps=36, batch_size=32, width=16)


@pytest.mark.parametrize(("name", "bits"), [("adv64", 64), ("adv2048", 2048)])
def test_the_code_length_is_the_models_own_and_its_codes_match(name, bits, splits):
    model = build(name, SMALL, 0, "cpu")
    model.fit(splits[0], splits[1])
    found = model.encode(splits[2])
    assert isinstance(found, Codes)
    assert (found.bits, found.images.shape[1]) == (bits, bits // 8)
    images, texts = (
        np.unpackbits(codes, axis=1).astype(int) * 2 - 1 for codes in (found.images, found.texts)
    )
    kind = splits[2].labels.argmax(1)
    nearest = (images @ texts.T).argmax(1)
    assert (kind[splits[2].image_of_caption[nearest]] == kind).mean() > 0.6  # chance: 1 in 8


def test_quantisation_by_hand():
    assert quantisation(torch.tensor([[1.0, -1.0], [0.5, 0.0]])).item() == pytest.approx(1.25 / 4)


def test_the_adversary_learns_and_the_encoders_do_the_opposite():
    values = torch.tensor([1.0, 2.0], requires_grad=True)
    weight = torch.tensor([3.0, 5.0], requires_grad=True)
    passed = Reversed.apply(values, 0.5)
    assert torch.equal(passed, values)
    (passed * weight).sum().backward()
    assert values.grad.tolist() == [-1.5, -2.5]
    assert weight.grad.tolist() == [1, 2]


def test_the_adversary_is_better_than_chance_when_images_and_texts_differ(splits):
    torch.manual_seed(0)
    network = CodeNetwork(splits[0], SMALL.model_copy(update={"bits": 8}))
    images, texts = torch.ones(16, 8), -torch.ones(16, 8)
    optimizer = torch.optim.Adam(network.adversary.parameters(), 0.01)
    before = network.adversarial(images, texts).item()
    for _ in range(60):
        optimizer.zero_grad()
        network.adversarial(images, texts).backward()
        optimizer.step()
    assert before == pytest.approx(np.log(2), abs=0.2)
    assert network.adversarial(images, texts).item() < 0.1


def test_the_quantisation_loss_rises_with_the_steps(splits, monkeypatch):
    model = build("adv64", SMALL, 0, "cpu")
    model.fit(splits[0], splits[1])
    assert model.steps == SMALL.max_steps == 36
    batch = next(batches(model.view(splits[0]), 32, np.random.default_rng(0), torch.device("cpu")))
    model.network.eval()
    losses = {}
    with torch.no_grad():
        for model.steps in (0, 9, 18, 36):  # a ramp over half of the steps
            losses[model.steps] = model.loss(batch).item()
        monkeypatch.setattr(adv, "QUANTISATION", 0.0)
        assert model.loss(batch).item() == pytest.approx(losses[0])
    assert losses[9] > losses[0]
    assert losses[18] - losses[0] == pytest.approx(2 * (losses[9] - losses[0]), rel=1e-3)
    assert losses[36] == losses[18]


def test_the_ramp_has_a_length_of_its_own_in_long_trainings(splits):
    model = build("adv64", SMALL.model_copy(update={"max_steps": 10**6}), 0, "cpu")
    model.network = model.build(model.view(splits[0])).eval()
    batch = next(batches(model.view(splits[0]), 32, np.random.default_rng(0), torch.device("cpu")))
    with torch.no_grad():
        losses = [model.loss(batch).item() for model.steps in (adv.RAMP // 2, adv.RAMP, 10**5)]
    assert losses[0] < losses[1] == losses[2]
