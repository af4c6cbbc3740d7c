import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from fico_lib.encodings import Codes
from fico_lib.models import build, ucch
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.training import batches
from fico_lib.models.ucch import MemoryBank, contrast, ranking

SMALL = TrainingParameters(max_steps=60, batch_size=32, width=16, bits=16)


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
    # Row 0: own .5; .4 is near (margin .2), .1 is far and becomes -.9.
    # Row 1: own .8; .3 and .2 are far and become -.7 and -.8.
    # Row 2: own .1; .9 and -.05 are near.
    similarity = torch.tensor([[0.5, 0.4, 0.1], [0.3, 0.8, 0.2], [0.9, -0.05, 0.1]])
    rows = ([0.5, 0.4, -0.9], [-0.7, 0.8, -0.8], [0.9, -0.05, 0.1])
    owns = (0.5, 0.8, 0.1)
    expected = [
        0.2 + math.log(sum(map(math.exp, row))) - own for row, own in zip(rows, owns, strict=True)
    ]
    assert ranking(similarity).item() == pytest.approx(sum(expected) / 3)


def test_ranking_both_directions_are_in_the_loss(splits, monkeypatch):
    seen = []
    monkeypatch.setattr(ucch, "ranking", lambda cosines: seen.append(cosines) or cosines.sum())
    model = build("ucch", SMALL, 0, "cpu")
    model.network = model.build(splits[0])
    model.loss(next(batches(splits[0], 8, np.random.default_rng(0), torch.device("cpu"))))
    assert torch.equal(seen[0], seen[1].T)


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
    images = model.encode_images(splits[0])
    nearest = (normalize(images, dim=1) @ model.bank.codes.T).topk(20, 1).indices
    own = torch.arange(len(images))[:, None]
    assert (nearest == own).any(1).float().mean() > 0.6  # chance: 20 of 96


def test_the_first_pass_does_not_read_the_memory(splits):
    model = build("ucch", SMALL.model_copy(update={"max_steps": 3}), 0, "cpu")
    model.fit(splits[0], splits[1])
    model.network.eval()
    batch = next(batches(splits[0], 32, np.random.default_rng(0), torch.device("cpu")))
    losses = {}
    for passes in (0, 1):
        model.bank.passes = passes
        kept = model.bank.codes.clone()
        losses[passes] = [model.loss(batch).item()]
        model.bank.codes = -kept
        losses[passes].append(model.loss(batch).item())
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


def test_labels_of_val_choose_the_weights_where_there_are_some(splits):
    model = build("ucch", SMALL, 0, "cpu")
    labels = torch.from_numpy(splits[1].labels.astype(np.float32)) - 0.5
    texts = labels[torch.from_numpy(splits[1].image_of_caption)]
    assert model.score(labels, texts, splits[1]) == pytest.approx(2)  # twice a perfect mAP
    assert model.score(labels, texts, replace(splits[1], labels=None)) > 2  # recalls, at best 6
