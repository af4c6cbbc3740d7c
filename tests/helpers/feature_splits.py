"""Tiny feature splits for tests: eight kinds of images, and splits that hold captions alone."""

from dataclasses import replace

import numpy as np
import torch

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models import build
from fico_lib.models.base.training import Batch


def make_split(name: str, n: int, seed: int) -> FeatureSplit:
    world, rng = np.random.default_rng(0), np.random.default_rng(seed)
    directions = world.normal(size=(8, 12))
    kind = rng.integers(0, 8, n)
    captions = rng.integers(1, 4, n)  # uneven counts
    image_of_caption = rng.permutation(np.repeat(np.arange(n), captions))
    m = len(image_of_caption)
    tokens = np.stack([2 + kind[image_of_caption], rng.integers(10, 13, m), np.zeros(m, int)], 1)
    lengths = rng.integers(1, 3, m)
    tokens[lengths == 1, 1] = 0
    texts, text_of_caption = np.unique(tokens, axis=0, return_inverse=True)
    regions = directions[kind][:, None] + 0.3 * rng.normal(size=(n, 3, 12))
    return FeatureSplit(
        name=name,
        vocabulary_size=13,
        regions=regions.astype(np.float32),
        boxes=rng.random((n, 3, 4), np.float32),
        whole=regions.mean(1).astype(np.float32),
        tokens=texts.astype(np.int32),
        lengths=(texts > 0).sum(1).astype(np.int32),
        text_of_caption=text_of_caption.reshape(-1),
        image_of_caption=image_of_caption,
        image_ids=np.array([f"{name}-{i}" for i in range(n)]),
        caption_ids=np.array([f"{name}-c{i}" for i in range(m)]),
        labels=np.eye(8, dtype=bool)[kind],
    )


def taught_pairs(name: str, parameters, learning_rate: float, steps: int) -> tuple:
    """The network of a model after some steps on one batch, and the batch.

    The batch is sixteen pairs, each of two regions and two words of four kinds: both must be read
    to tell the pairs apart.
    """
    rng = np.random.default_rng(0)
    kinds = np.stack([np.arange(16) // 4, np.arange(16) % 4], 1)
    regions = np.stack([rng.normal(size=(4, 12))[kinds[:, i]] for i in range(2)], 1)
    split = make_split("pairs", 16, 0)
    split = replace(split, vocabulary_size=10, regions=regions.astype(np.float32))
    model = build(name, parameters, 0, "cpu")
    torch.manual_seed(0)
    model.network = model.build(split)
    tokens = torch.from_numpy(kinds + np.array([2, 6]))
    images, boxes = torch.from_numpy(split.regions), torch.rand(16, 2, 4)
    batch = Batch(torch.arange(16), images, boxes, None, tokens, torch.full((16,), 2), None)
    optimizer = torch.optim.Adam(model.network.parameters(), learning_rate)
    for _ in range(steps):
        optimizer.zero_grad()
        model.loss(batch).backward()
        optimizer.step()
    return model.network, batch


def with_documents(split: FeatureSplit) -> FeatureSplit:
    """Vectors in place of words: the direction of the text's kind."""
    directions = np.random.default_rng(0).normal(size=(8, 6)).astype(np.float32)
    return replace(split, documents=directions[split.tokens[:, 0] - 2])


def split_of(texts, of, labels=None) -> FeatureSplit:
    """A split without features. texts: the number of each caption's text; of: its image."""
    n, m = max(of) + 1, len(of)
    return FeatureSplit(
        name="test",
        vocabulary_size=3,
        regions=None,
        boxes=None,
        whole=np.zeros((n, 1), np.float32),
        tokens=np.ones((m, 1), np.int32),
        lengths=np.ones(m, np.int32),
        text_of_caption=np.array(texts),
        image_of_caption=np.array(of),
        image_ids=np.arange(n).astype(str),
        caption_ids=np.arange(m).astype(str),
        labels=labels,
    )
