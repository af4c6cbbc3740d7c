"""What describes a region: its feature, and its box where there is one."""

from dataclasses import replace

import torch

from fico_lib.models.layers.regions import RegionLayers, described, region_size


def test_boxes_stand_beside_features_and_are_centred():
    regions, boxes = torch.ones(1, 2, 3), torch.tensor([[[0.0, 0.5, 1.0, 0.25]] * 2])
    assert described(regions, boxes)[0, 0].tolist() == [1, 1, 1, -1, 0, 1, -0.5]


def test_without_boxes_the_features_are_all(splits):
    regions = torch.ones(1, 2, 3)
    assert described(regions, None) is regions
    assert region_size(splits[0]) == 12 + 4
    assert region_size(replace(splits[0], boxes=None)) == 12


def test_the_first_layer_may_be_wider():
    layers = RegionLayers(7, 8, 0.0, hidden=20)
    assert layers(torch.ones(1, 2, 3), torch.ones(1, 2, 4)).shape == (1, 2, 8)
    assert layers.layers[1].out_features == 20
