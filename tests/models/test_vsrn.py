import numpy as np
import torch

from fico_lib.models import build
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.vsrn import Reasoning, ReasoningDualEncoder


def test_a_layer_starts_as_the_identity():
    torch.manual_seed(0)
    layer, regions = Reasoning(6), torch.randn(2, 3, 6)
    assert torch.equal(layer(regions), regions)


def test_a_layer_by_its_formula():
    torch.manual_seed(0)
    layer, regions = Reasoning(6).eval(), torch.randn(2, 3, 6)
    torch.nn.init.ones_(layer.norm.weight)
    for found, v in zip(layer(regions), regions, strict=True):
        affinity = layer.theta(v) @ layer.phi(v).T / 3
        message = layer.w(affinity @ layer.g(v)) / (1 + layer.norm.eps) ** 0.5  # BN as it starts
        assert torch.allclose(found, v + message, atol=1e-6)


def test_the_gru_reads_regions_one_after_the_other(splits):
    torch.manual_seed(0)
    network = ReasoningDualEncoder(splits[0], TrainingParameters(width=8)).eval()
    regions = torch.randn(2, 3, 8)
    found = network.read(network.contextual(regions))
    assert found.shape == (2, 8)
    assert not torch.allclose(found, network.read(network.contextual(regions.flip(1))))


def test_it_learns_to_match(splits):
    parameters = TrainingParameters(max_steps=60, batch_size=32, width=16, dimension=16)
    model = build("vsrn", parameters, 0, "cpu")
    model.fit(splits[0], splits[1])
    found = model.encode(splits[2])
    assert np.allclose(np.linalg.norm(found.images, axis=1), 1, atol=1e-5)
    kind = splits[2].labels.argmax(1)
    best = (found.images @ found.texts.T).argmax(1)
    assert (kind[splits[2].image_of_caption[best]] == kind).mean() > 0.6  # chance: about 1 in 8
