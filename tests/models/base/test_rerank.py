"""Dual encoder and fusion: what is reranked, by what, and what stays absent."""

import numpy as np
import pytest
import torch
from feature_splits import taught_pairs

from fico_lib.encodings import Embeddings, Scores
from fico_lib.evaluation import evaluate
from fico_lib.models import build
from fico_lib.models.base import rerank
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.rerank import hard_negatives, similarities
from fico_lib.models.base.training import batches, images_of, texts_of

SMALL = TrainingParameters(max_steps=6, batch_size=32, width=32, dimension=16, dropout=0)


@pytest.mark.parametrize("name", ["xvlm", "blip2"])
def test_fusion_learns_what_belongs_together(name):
    network, batch = taught_pairs(name, SMALL.model_copy(update={"width": 64}), 2e-3, 300)
    with torch.no_grad():
        v, _ = network.images(batch.regions, batch.boxes, None)
        w, lengths = network.texts(batch.tokens, batch.lengths)
        each = torch.arange(16)
        match = network.match(v.repeat_interleave(16, 0), w.repeat(16, 1, 1),
                                    lengths.repeat(16)).view(16, 16)  # fmt: skip
    assert (match.argmax(1) == each).float().mean() > 0.8


def fitted(name, splits, **attributes):
    model = build(name, SMALL, 0, "cpu")
    for attribute, value in attributes.items():
        setattr(model, attribute, value)
    model.fit(splits[0], splits[1])
    return model


@pytest.fixture(scope="module", params=["xvlm", "blip2"])
def trained(request, splits):
    return fitted(request.param, splits, rerank_k=5)


def test_similarity_is_that_of_the_best_vector():
    images = torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[0.6, 0.8], [-1.0, 0.0]]])
    texts = torch.tensor([[[1.0, 0.0]], [[0.0, -1.0]]])
    assert similarities(images, texts).tolist() == pytest.approx(np.array([[1, 0], [0.6, 0]]))


def test_negatives_are_others_and_mostly_hard():
    torch.manual_seed(0)
    logits = 2 * torch.tensor([[9.0, 8.0, 0.0], [0.0, 9.0, 8.0], [8.0, 0.0, 9.0]])
    drawn = torch.stack([hard_negatives(logits) for _ in range(200)])
    assert (drawn != torch.arange(3)).all()
    assert (drawn == torch.tensor([1, 2, 0])).float().mean() > 0.95


def test_negatives_survive_a_batch_that_is_told_apart():
    logits = torch.full((4, 4), -1e4).fill_diagonal_(1e4)
    assert (hard_negatives(logits) != torch.arange(4)).all()


def test_the_best_of_the_dual_encoder_are_reranked_and_the_rest_is_absent(trained, splits):
    found, split = trained.encode(splits[2]), splits[2]
    images, texts = trained.encode_images(split).vectors, trained.encode_texts(split).vectors
    similarity = similarities(images, texts).numpy()
    assert isinstance(found, Scores)
    assert found.missing == -np.inf
    for matrix, expected in (
        (found.i2t, similarity[:, split.text_of_caption]),
        (found.t2i, similarity.T[split.text_of_caption]),
    ):
        scored = np.isfinite(matrix)
        assert scored.any(1).all()
        for row, wanted in zip(scored, expected, strict=True):
            assert wanted[row].min() >= wanted[~row].max() - 1e-6
    assert (np.isfinite(found.t2i).sum(1) == 5).all()


def test_matching_ranks_and_blip2_adds_the_cosine(trained, splits):
    found, split, network = trained.encode(splits[2]), splits[2], trained.network
    for image, caption in np.argwhere(np.isfinite(found.i2t))[::17]:
        text = split.text_of_caption[[caption]]
        with torch.no_grad():
            v, n = network.images(*images_of(split, np.array([image]), trained.device))
            w, m = network.texts(*texts_of(split, text, trained.device))
            cosine = similarities(network.image_vectors(v, n), network.text_vectors(w, m))
            expected = network.match(v, w, m).item()
        if trained.card.name == "blip2":
            expected += cosine.item()
        assert found.i2t[image, caption] == pytest.approx(expected, abs=1e-4)


def test_so_many_candidates_as_in_the_papers_and_never_more_than_there_are(splits):
    model = fitted("xvlm", splits)
    assert model.rerank_k == 128
    assert np.isfinite(model.encode(splits[2]).i2t).all()


def test_blocks_of_pairs_change_nothing(trained, splits, monkeypatch):
    whole = trained.encode(splits[2])
    monkeypatch.setitem(rerank.MATCHED_AT_ONCE, "cpu", 7)
    monkeypatch.setattr(rerank, "QUERIES_AT_ONCE", 4)
    parts = trained.encode(splits[2])
    assert np.allclose(whole.i2t, parts.i2t, atol=1e-4)
    assert np.allclose(whole.t2i, parts.t2i, atol=1e-4)


def test_whole_rankings_are_not_available_from_partial_lists(trained, splits):
    found = evaluate(trained.encode(splits[2]), labels=splits[2].labels, tasks="category")
    assert found.category["i2t"]["mAP@N"] is None


def test_both_kinds_of_lists_choose_the_weights(trained, splits, monkeypatch):
    kinds = []
    monkeypatch.setattr(rerank, "score_recall_sum",
                        lambda i2t, *rest: kinds.append(np.isfinite(i2t).all()) or 1.0)  # fmt: skip
    encoded = trained.encode_images(splits[1]), trained.encode_texts(splits[1])
    assert trained.score(*encoded, splits[1]) == 2
    assert kinds == [True, False]
    monkeypatch.setattr(trained, "pretrains", True)
    assert trained.score(*encoded, splits[1]) == 1


def test_the_loss_teaches_contrast_and_matching(trained, splits):
    batch = next(batches(splits[0], 16, np.random.default_rng(0), torch.device("cpu")))
    network = trained.network
    network.zero_grad()
    trained.loss(batch).backward()
    assert network.head[1].weight.grad.abs().sum() > 0
    network.zero_grad()
    trained.pretrains = True
    trained.loss(batch).backward()
    trained.pretrains = False
    assert network.head[1].weight.grad is None or not network.head[1].weight.grad.abs().sum()
    assert network.from_image.weight.grad.abs().sum() > 0


def test_without_fusion_the_dual_encoder_remains(splits):
    xvlm = fitted("xvlm_nf", splits).encode(splits[2])
    assert isinstance(xvlm, Embeddings)
    assert np.allclose(np.linalg.norm(xvlm.images, axis=1), 1, atol=1e-5)
    blip2 = fitted("blip2_nf", splits).encode(splits[2])
    assert isinstance(blip2, Scores)  # the largest of several cosines: no one vector has it
    assert blip2.missing is None
    assert (np.abs(blip2.i2t) <= 1 + 1e-5).all()
