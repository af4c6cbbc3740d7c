import numpy as np
import pytest
import torch

from fico_lib.models.base import selection
from fico_lib.models.base.selection import average_precision, recall_sum, score_recall_sum


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


def test_recall_sum_of_scores_by_hand():
    scores, own = np.eye(12), np.arange(12)
    assert score_recall_sum(scores, scores.T, own) == pytest.approx(6)
    scores[[0, 1]] = scores[[1, 0]]  # two queries of each direction miss at 1 only
    assert score_recall_sum(scores, scores.T, own) == pytest.approx(6 - 2 * 2 / 12)


def test_an_absent_positive_is_not_retrieved():
    absent = -np.inf
    i2t = np.array([[3.0, 2.0, absent], [absent, 1.0, absent]])  # image 1's caption is absent
    t2i = np.array([[1.0, absent], [0.0, 2.0], [absent, 1.0]])  # caption 1's image comes second
    expected = (1 + 0) / 2 * 3 + (1 + 0 + 1) / 3 + 2 * (1 + 1 + 1) / 3
    assert score_recall_sum(i2t, t2i, np.array([0, 0, 1])) == pytest.approx(expected)


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
