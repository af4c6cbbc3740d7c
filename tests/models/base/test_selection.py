import pytest
import torch

from fico_lib.models.base import selection
from fico_lib.models.base.selection import average_precision, recall_sum


def test_recall_sum_by_hand():
    # 12 images on the axes; the texts of images 0 and 1 are exchanged, 5 images have two texts.
    images = torch.eye(12)
    image_of_text = torch.tensor([*range(12), *range(5)])
    texts = images[image_of_text].clone()
    assert recall_sum(images, texts, image_of_text) == pytest.approx(6)
    texts[[0, 1]] = texts[[1, 0]]
    # i2t: images 0 and 1 still have their second text first. t2i: two texts miss their image at 1;
    # at 5 and 10 they tie with the other images at similarity 0, and only one beats them.
    assert recall_sum(images, texts, image_of_text) == pytest.approx(6 - 2 / 17)


def test_recall_sum_counts_what_beats_the_best_match():
    images = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    texts = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    assert recall_sum(images, texts, torch.tensor([0, 1])) == pytest.approx(4)  # @5 and @10 only


def test_blocks_do_not_change_the_result(monkeypatch):
    torch.manual_seed(0)
    images, texts, rows = torch.randn(9, 4), torch.randn(20, 4), torch.arange(20) % 9
    labels, text_labels = torch.eye(3)[torch.arange(9) % 3], torch.eye(3)[rows % 3]
    whole = recall_sum(images, texts, rows), average_precision(images, texts, labels, text_labels)
    monkeypatch.setattr(selection, "BLOCK", 4)
    blocks = recall_sum(images, texts, rows), average_precision(images, texts, labels, text_labels)
    assert whole == pytest.approx(blocks)


def test_average_precision_by_hand():
    query, labels = torch.tensor([[1.0]]), torch.tensor([[1.0, 0.0]])
    candidates = torch.tensor([[0.4], [0.3], [0.2], [0.1]])
    candidate_labels = torch.tensor([[1.0, 0], [0, 1], [0, 1], [1, 1]])
    found = average_precision(query, candidates, labels, candidate_labels)
    assert found == pytest.approx((1 + 2 / 4) / 2)


def test_queries_without_a_relevant_candidate_do_not_count():
    queries, labels = torch.tensor([[1.0], [1.0]]), torch.eye(2)
    candidates, candidate_labels = torch.tensor([[1.0]]), torch.tensor([[1.0, 0.0]])
    assert average_precision(queries, candidates, labels, candidate_labels) == pytest.approx(1)
