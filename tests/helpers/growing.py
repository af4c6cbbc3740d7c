"""A tiny world for tests of galleries that grow: a test split, and further items after it."""

from dataclasses import dataclass

import numpy as np

from fico_lib.encodings import Codes, Embeddings
from fico_lib.evaluation.growing.twins import Texts

PER_IMAGE = 2  # captions


def make_texts(n: int, seed: int) -> Texts:
    """Texts of one to three of few words, so that some come again; labels of few kinds."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 4, PER_IMAGE * n)
    words = rng.integers(2, 6, (PER_IMAGE * n, 3)) * (np.arange(3) < lengths[:, None])
    tokens, number = np.unique(words, axis=0, return_inverse=True)
    return Texts(
        tokens.astype(np.int32),
        (tokens > 0).sum(1),
        number.reshape(-1),
        np.repeat(np.arange(n), PER_IMAGE),
        np.eye(3, dtype=bool)[rng.integers(0, 3, n)],
    )


def vectors(texts: Texts, seed: int) -> Embeddings:
    """Whole numbers for images, and for texts those of their words: equal texts are equal."""
    rng = np.random.default_rng(seed)
    of_word = np.random.default_rng(99).integers(-3, 4, (6, 8))
    of_word[0] = 0
    of_text = of_word[texts.tokens].sum(1) + np.eye(8, dtype=np.int64)[7] * 5
    images = rng.integers(-3, 4, (len(texts.labels), 8)) + np.eye(8, dtype=np.int64)[7] * 5
    side = images.astype(np.float32), of_text[texts.text_of_caption].astype(np.float32)
    return Embeddings(*side, texts.image_of_caption, model="vse")


def codes(embeddings: Embeddings) -> Codes:
    """Their signs but for the last: six of seven bits say little, so many tie."""
    sides = (side[:, :6] > 0 for side in (embeddings.images, embeddings.texts))
    return Codes.pack(*sides, embeddings.image_of_caption, bits=6, model="adv64")


def encoded(texts: Texts, seed: int) -> list[Embeddings | Codes]:
    """Both kinds of encodings."""
    floats = vectors(texts, seed)
    return [floats, codes(floats)]


@dataclass
class Part:
    """What `Shards` hands over."""

    number: int
    texts: Texts
    encodings: list


def make_shard(number: int, size: int) -> Part:
    """The shard of that number."""
    texts = make_texts(size, 1000 + number)
    return Part(number, texts, encoded(texts, 1000 + number))
