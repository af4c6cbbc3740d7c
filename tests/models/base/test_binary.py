import numpy as np
import pytest
import torch

from fico_lib.models.base.binary import code_precision_sum, code_recall_sum, sign


def test_zero_counts_as_one():
    assert sign(torch.tensor([0.0, -0.1, 2.0])).tolist() == [1, -1, 1]


def test_average_precision_is_of_the_signs(splits):
    split = splits[1]
    labels = torch.from_numpy(split.labels.astype(np.float32)) - 0.5
    images, texts = 7 * labels, labels[torch.from_numpy(split.image_of_caption)]
    assert code_precision_sum(images, texts, split) == pytest.approx(2)
    assert code_precision_sum(images, -texts, split) < 1


def test_only_the_signs_count():
    torch.manual_seed(0)
    images, rows = torch.randn(20, 16), np.arange(40) % 20
    texts = images[rows] * torch.rand(40, 1)
    assert code_recall_sum(images, texts, rows) == pytest.approx(6)
    assert code_recall_sum(images, -texts, rows) < 0.5


def test_codes_that_are_all_the_same_are_as_good_as_chance():
    n = 400
    found = code_recall_sum(torch.ones(n, 16), torch.ones(n, 16), np.arange(n))
    assert found == pytest.approx(2 * (1 + 5 + 10) / n, abs=0.05)


def test_a_place_among_equals_never_overtakes_a_nearer_code():
    # One differing bit of 8 between each pair of neighbours: the own code wins always.
    codes = torch.ones(9, 8) - 2 * torch.tril(torch.ones(9, 8), -1)
    assert code_recall_sum(codes, codes, np.arange(9)) == pytest.approx(6)
