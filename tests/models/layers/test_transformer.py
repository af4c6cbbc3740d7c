import math

import pytest
import torch
from torch import nn

from fico_lib.models.layers.padding import inside
from fico_lib.models.layers.transformer import (
    Attention,
    Block,
    ImageTokens,
    TextTokens,
    by_length,
    grouped,
    summary,
)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


MASK = torch.arange(7) < torch.tensor([3, 7, 5, 1])[:, None]


def test_attention_is_torchs():
    ours, theirs = Attention(16, 2), nn.MultiheadAttention(16, 2, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([ours.query.weight, ours.key_value.weight]))
        theirs.in_proj_bias.copy_(torch.cat([ours.query.bias, ours.key_value.bias]))
    theirs.out_proj = ours.out
    tokens, source = torch.randn(4, 5, 16), torch.randn(4, 7, 16)
    expected, _ = theirs(tokens, source, source, key_padding_mask=~MASK)
    assert torch.allclose(ours(tokens, source, MASK), expected, atol=1e-6)
    assert not torch.allclose(ours(tokens, source), expected, atol=1e-3)


def test_attention_by_hand():
    attention = Attention(1, 1)
    with torch.no_grad():
        for layer in (attention.query, attention.key_value, attention.out):
            layer.weight.fill_(1)
            layer.bias.zero_()
    # Query 1 against keys 0 and 1: weights 1 / (1 + e) and e / (1 + e), of values 0 and 1.
    found = attention(torch.ones(1, 1, 1), torch.tensor([[[0.0], [1.0]]]))
    assert found.item() == pytest.approx(math.e / (1 + math.e))


@pytest.mark.parametrize("mask", [None, MASK])
def test_the_first_token_alone_is_the_first_of_all(mask):
    block = Block(16, 2, cross=True)
    tokens, source = torch.randn(4, 7, 16), torch.randn(4, 3, 16)
    whole = block(tokens, mask, source)
    assert torch.allclose(block.first(tokens, mask, source), whole[:, :1], atol=1e-6)


def test_padding_does_not_matter():
    block, tokens = Block(16, 2), torch.randn(4, 7, 16)
    changed = tokens.masked_fill(~MASK[..., None], 9.0)
    assert torch.allclose(block(tokens, MASK)[MASK], block(changed, MASK)[MASK], atol=1e-6)


def test_groups_by_length_change_nothing():
    block, tokens = Block(16, 2), torch.randn(70, 9, 16)
    lengths = torch.randint(1, 10, (70,))
    mask = inside(tokens.shape[1], lengths)
    found = grouped(block, tokens, lengths)
    assert torch.allclose(found[mask], block(tokens, mask)[mask], atol=1e-6)


def test_groups_hold_texts_of_similar_length():
    groups = by_length(torch.tensor([5, 1, 4, 2, 3]), 2)
    assert [group.tolist() for group in groups] == [[1, 3], [4, 2], [0]]


def test_text_tokens_know_word_and_place():
    tokens = TextTokens(10, 3, 8, 0.0)
    found = tokens(torch.tensor([[2, 2, 3, 2, 2]]))
    assert found.shape == (1, 6, 8)
    assert not torch.equal(found[0, 1], found[0, 2])  # one word, two places
    assert torch.equal(found[0, 4], found[0, 5])  # beyond the longest text of training


def test_image_tokens_know_feature_and_box():
    tokens = ImageTokens(10, 8, 0.0)
    regions, boxes = torch.randn(1, 1, 6).expand(1, 2, 6), torch.rand(1, 2, 4)
    found = tokens(regions, boxes)
    assert found.shape == (1, 3, 8)
    assert not torch.equal(found[0, 1], found[0, 2])


def test_summary_by_hand():
    tokens = torch.tensor([[[9.0], [1.0], [3.0], [100.0]]])
    assert summary(tokens, torch.tensor([3])).tolist() == [[9, 2]]
    assert summary(tokens[:, :3]).tolist() == [[9, 2]]
