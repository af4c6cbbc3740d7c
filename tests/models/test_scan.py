import numpy as np
import pytest
import torch
from torch.nn.functional import cosine_similarity, leaky_relu, normalize

from fico_lib.encodings import Scores
from fico_lib.models import build
from fico_lib.models.base import pairs
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.layers.padding import inside
from fico_lib.models.scan import CrossEncoder, attention, mean_of

SMALL = TrainingParameters(max_steps=24, batch_size=64, width=24, learning_rate=0.01)


def padded(lengths, d=8, seed=0):
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.tensor(lengths)
    vectors = torch.randn(len(lengths), int(lengths.max()), d, generator=generator)
    return normalize(vectors, dim=2) * inside(vectors.shape[1], lengths)[..., None], lengths


def asked(queries, contexts, sharpness):
    """The paper's formulas for one item of each: vectors (q, d) ask (c, d)."""
    similarity = leaky_relu(contexts @ queries.T, 0.1)
    similarity = similarity / similarity.norm(dim=1, keepdim=True)
    seen = (sharpness * similarity).softmax(0).T @ contexts
    return cosine_similarity(queries, seen, dim=1).mean()


def by_definition(images, texts):
    found = torch.empty(len(images[0]), len(texts[0]))
    for i, (v, r) in enumerate(zip(*images, strict=True)):
        for j, (w, words) in enumerate(zip(*texts, strict=True)):
            found[i, j] = (asked(w[:words], v[:r], 9) + asked(v[:r], w[:words], 4)) / 2
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_gram_form_is_the_direct_formula(splits, seed):
    images, texts = padded([4, 4, 4], seed=seed), padded([1, 5, 3, 2], seed=seed + 9)
    found = CrossEncoder(splits[0], SMALL).pairs(images, texts)
    assert torch.allclose(found, by_definition(images, texts), atol=1e-6)


def test_padding_changes_nothing(splits):
    images, (words, lengths) = padded([3, 3]), padded([2, 4], seed=1)
    longer = torch.cat([words, torch.zeros(2, 3, words.shape[2])], 1)
    scores = CrossEncoder(splits[0], SMALL).pairs
    assert torch.allclose(scores(images, (words, lengths)), scores(images, (longer, lengths)))


def test_attention_by_hand():
    # One context of two vectors, one query of two: rows are scaled to length 1 over the query's.
    similarity = torch.tensor([[3.0, 4.0], [-10.0, 0.0]])[None, :, None]
    expected = torch.tensor([[9 * 0.6, 9 * 0.8], [-9.0, 0.0]]).exp()
    assert torch.allclose(attention(similarity)[0, :, 0], expected)


def test_means_leave_padding_out():
    values = torch.tensor([[[1.0, 99.0], [2.0, 4.0]]])
    assert mean_of(values, torch.tensor([1, 2])).tolist() == [[1, 3]]


def test_gradients_are_finite_though_texts_are_padded(splits):
    model = build("scan", SMALL, 0, "cpu")
    model.network = model.build(splits[0])
    words = model.network.texts(torch.tensor([[2, 3, 4], [5, 0, 0]]), torch.tensor([3, 1]))
    images = model.network.images(torch.randn(2, 3, 12), torch.rand(2, 3, 4), None)
    model.network.pairs(images, words).sum().backward()
    assert all(
        torch.isfinite(p.grad).all() for p in model.network.parameters() if p.grad is not None
    )


@pytest.mark.parametrize("name", ["scan", "imram"])
def test_it_learns_to_match_and_hands_over_all_scores(splits, name):
    model = build(name, SMALL, 0, "cpu")
    model.fit(splits[0], splits[1])
    test = splits[2]
    found = model.encode(test)
    assert isinstance(found, Scores)
    assert found.i2t.shape == (len(test.image_ids), len(test.caption_ids))
    assert found.i2t.dtype == np.float32
    assert found.t2i is None
    assert found.missing is None
    kind = test.labels.argmax(1)
    first = kind[test.image_of_caption[found.i2t.argmax(1)]]
    assert (first == kind).mean() > 0.6  # chance: about 1 in 8


@pytest.mark.parametrize("name", ["scan", "imram"])
def test_blocks_do_not_change_the_scores(splits, name, monkeypatch):
    model = build(name, SMALL, 0, "cpu")
    model.network = model.build(model.view(splits[0])).eval()
    whole = model.encode(splits[2]).i2t
    monkeypatch.setitem(pairs.BLOCK_BYTES, "cpu", 1 << 14)
    assert np.allclose(model.encode(splits[2]).i2t, whole, atol=1e-5)


def test_progress_is_shown_once_at_a_time(splits, monkeypatch):
    """Training shows its own; a second bar inside it is an error on a terminal."""
    shown = []
    monkeypatch.setattr(pairs, "track", lambda items, what: shown.append(what) or items)
    model = build("scan", SMALL.model_copy(update={"max_steps": 3}), 0, "cpu")
    model.fit(splits[0], splits[1])
    assert shown == []
    model.encode(splits[2])
    assert shown == ["scoring scan"]
