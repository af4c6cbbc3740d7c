import torch

from fico_lib.models.layers.padding import all_of, inside, pool


def test_places_before_the_length_are_inside():
    assert inside(3, torch.tensor([0, 2, 3])).tolist() == [
        [False, False, False],
        [True, True, False],
        [True, True, True],
    ]


def test_without_padding_all_places_are_inside():
    vectors = torch.zeros(2, 5, 3)
    assert inside(5, all_of(vectors)).all()


def test_pooling_leaves_padding_out():
    vectors = torch.tensor([[[1.0, -5.0], [3.0, -1.0], [99.0, 99.0]]])
    assert pool(vectors, torch.tensor([2])).tolist() == [[2, -3, 3, -1]]
