import numpy as np
import pytest
import torch

from fico_lib.models.base import pairs
from fico_lib.models.base.pairs import Items, pack_items, score_all


def items(lengths, d=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.tensor(lengths)
    vectors = torch.randn(int(lengths.sum()), d, generator=generator)
    return Items(vectors, lengths.cumsum(0) - lengths, lengths)


def best_match(images, texts):
    """The largest inner product of an image's and a text's vectors, padding left out."""
    (v, n), (w, m) = images, texts
    products = torch.einsum("ard,bld->abrl", v, w)
    there = (torch.arange(v.shape[1]) < n[:, None])[:, None, :, None]
    there = there & (torch.arange(w.shape[1]) < m[:, None])[None, :, None]
    return products.masked_fill(~there, -torch.inf).amax((2, 3))


def by_definition(images, texts):
    found = np.empty((len(images), len(texts)), np.float32)
    for i in range(len(images)):
        for j in range(len(texts)):
            v = images.vectors[images.starts[i] : images.starts[i] + images.lengths[i]]
            w = texts.vectors[texts.starts[j] : texts.starts[j] + texts.lengths[j]]
            found[i, j] = (v @ w.T).max()
    return found


@pytest.mark.parametrize("budget", [1, 400, 1 << 20])
def test_scores_of_all_pairs_in_blocks_of_any_size(monkeypatch, budget):
    monkeypatch.setitem(pairs.BLOCK_BYTES, "cpu", budget)
    images, texts = items([3] * 7), items([2, 5, 1, 4, 4, 2, 3, 1, 5], seed=1)
    largest = []

    def watched(one, other):
        largest.append(
            4 * one[0].shape[0] * one[0].shape[1] * other[0].shape[0] * other[0].shape[1]
        )
        return best_match(one, other)

    found = score_all(watched, images, texts, lambda regions, words: 4 * regions * words)
    assert np.allclose(found, by_definition(images, texts))
    assert max(largest) <= max(budget, 4 * 3 * 5)  # a single pair is always allowed


def test_items_are_packed_in_their_own_order():
    blocks = [
        (torch.tensor([[[5.0], [0]], [[6.0], [7.0]]]), torch.tensor([1, 2])),
        (torch.tensor([[[8.0]]]), torch.tensor([1])),
    ]
    found = pack_items(blocks, np.array([2, 0, 1]))  # the first row of the blocks is item 2
    vectors, lengths = found.padded()
    assert lengths.tolist() == [2, 1, 1]
    assert vectors[..., 0].tolist() == [[6, 7], [8, 0], [5, 0]]
    assert found.at(torch.tensor([1, 1])).padded()[0].tolist() == [[[8]], [[8]]]
