import torch

from fico_lib.models.layers.scale import LARGEST, Scale


def test_it_starts_as_told_and_has_an_upper_limit():
    scale, cosines = Scale(15.0), torch.tensor([0.5, -1.0])
    assert torch.allclose(scale(cosines), torch.tensor([7.5, -15.0]))
    with torch.no_grad():
        scale.log.fill_(9.0)
    assert torch.allclose(scale(cosines), LARGEST * cosines)
