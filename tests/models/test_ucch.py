import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from fico_lib.encodings import Codes
from fico_lib.models import build
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.training import batches
from fico_lib.models.ucch import MemoryBank, contrast, ranking

SMALL = TrainingParameters(epochs=20, batch_size=32, width=16, bits=16)


def test_contrast_by_hand():
    codes = torch.tensor([[0.6, 0.8]])
    own, others = torch.tensor([[1.0, 1.0]]), torch.tensor([[1.0, -1.0], [1.0, 1.0]])
    t = 0.9 * math.sqrt(2)
    both = math.exp(1.4 / t) + math.exp(-0.2 / t)
    found = contrast(codes, own, others, torch.tensor([[False, True]]))  # the last is the own one
    assert found.item() == pytest.approx(-math.log(math.exp(1.4 / t) / both))
    found = contrast(codes, own, others, torch.tensor([[False, False]]))
    assert found.item() == pytest.approx(-math.log(math.exp(1.4 / t) / (both + math.exp(1.4 / t))))


def test_ranking_by_hand():
    # Own cosine .5: .4 is near (margin .2), .1 is far and is shifted by 1.
    similarity = torch.tensor([[0.5, 0.4], [0.1, 0.5]])
    assert ranking(similarity).item() == pytest.approx((math.exp(-0.1) + math.exp(-1.4)) / 2)


def test_the_memory_moves_after_the_codes_and_stays_of_length_1():
    torch.manual_seed(0)
    bank = MemoryBank(4, 2, torch.device("cpu"))
    before = bank.codes.clone()
    assert torch.allclose(before.norm(dim=1), torch.ones(4))
    bank.update(torch.tensor([2]), torch.tensor([[3.0, 4.0]]), 0.4)
    moved = 0.4 * before[2] + 0.6 * torch.tensor([3.0, 4.0])
    assert torch.allclose(bank.codes[2], moved / moved.norm())
    assert torch.equal(bank.codes[[0, 1, 3]], before[[0, 1, 3]])
    bank.update(torch.tensor([0]), torch.tensor([[3.0, 4.0]]), 0.0)
    assert torch.allclose(bank.codes[0], torch.tensor([0.6, 0.8]))


def test_negatives_are_drawn_or_all():
    bank = MemoryBank(50, 8, torch.device("cpu"))
    assert bank.draw(50).tolist() == list(range(50))
    drawn = bank.draw(20)
    assert len(drawn) == 20
    assert drawn.min() >= 0
    assert drawn.max() < 50


def test_the_memory_holds_the_codes_of_its_own_pairs(splits):
    model = build("ucch", SMALL, 0, "cpu")
    model.fit(splits[0], splits[1])
    images = model._images(splits[0])
    nearest = (normalize(images, dim=1) @ model.bank.codes.T).topk(20, 1).indices
    own = torch.arange(len(images))[:, None]
    assert (nearest == own).any(1).float().mean() > 0.6  # chance: 20 of 96


def test_the_first_epoch_does_not_read_the_memory(splits):
    model = build("ucch", SMALL.model_copy(update={"epochs": 1}), 0, "cpu")
    model.fit(splits[0], splits[1])
    model.network.eval()
    batch = next(batches(splits[0], 32, np.random.default_rng(0), torch.device("cpu")))
    losses = {}
    for epoch in (0, 1):
        model.epochs_done = epoch
        kept = model.bank.codes.clone()
        losses[epoch] = [model.loss(batch).item()]
        model.bank.codes = -kept
        losses[epoch].append(model.loss(batch).item())
        model.bank.codes = kept
    assert losses[0][0] == losses[0][1]
    assert losses[1][0] != losses[1][1]


def test_ucch_learns_the_kinds_without_labels(splits):
    bare = [replace(split, labels=None) for split in splits]
    model = build("ucch", SMALL, 0, "cpu")
    model.fit(bare[0], bare[1])
    found = model.encode(bare[2])
    assert isinstance(found, Codes)
    images, texts = (
        np.unpackbits(codes, axis=1).astype(int) * 2 - 1 for codes in (found.images, found.texts)
    )
    kind = splits[2].labels.argmax(1)
    nearest = (images @ texts.T).argmax(1)
    assert (kind[splits[2].image_of_caption[nearest]] == kind).mean() > 0.6  # chance: 1 in 8
