"""Rows of the `captions` setting: captions with real labels, where there are no images to encode.

One caption stands for its image, the image's other captions are its candidates, and the labels are
those of the image: category retrieval on real labels for any data set in Karpathy's format, from
text alone. The labelled images are cut into two random halves: the heads are fitted on the captions
of half A, and half B is evaluated.
"""

from dataclasses import dataclass

import numpy as np

from fico_lib.chapters.category.parameters import CategoryChapter
from fico_lib.chapters.category.results import Task, controls_and_chance
from fico_lib.datasets.dataset import Split
from fico_lib.features.text import Vocabulary
from fico_lib.features.text import words as split_words
from fico_lib.models.controls import Vectors, four, regression
from fico_lib.models.latent import LatentSemantics
from fico_lib.runtime.errors import InputError

FEWEST_WORDS = 1.5  # per caption: fewer say that words are not told apart


@dataclass(frozen=True)
class Half:
    """Captions of some images of a split: what stands for each image, and the candidates.

    stand_ins: (n,) and candidates: (m,), rows of the split's captions; image_of_caption: (m,)
    int64, rows of `images`, which are rows of the split: (n,).
    """

    images: np.ndarray
    stand_ins: np.ndarray
    candidates: np.ndarray
    image_of_caption: np.ndarray


def half(split: Split, images: np.ndarray) -> Half:
    """The captions of `images`: the first of each stands for it."""
    place = np.full(len(split.image_ids), -1)
    place[images] = np.arange(len(images))
    captions = np.flatnonzero(place[split.image_of_caption] >= 0)
    of = place[split.image_of_caption[captions]]
    order = np.argsort(of, kind="stable")
    captions, of = captions[order], of[order]
    first = np.unique(of, return_index=True)[1]
    return Half(images, captions[first], np.delete(captions, first), np.delete(of, first))


def halves(split: Split, seed: int) -> tuple[Half, Half]:
    """Two random halves of the images that have a label and at least two captions."""
    if split.labels is None:
        raise InputError(f"split '{split.name}' has no labels: category retrieval needs them")
    captions = np.bincount(split.image_of_caption, minlength=len(split.image_ids))
    usable = np.flatnonzero(split.labels.any(1) & (captions > 1))
    if len(usable) < 4:
        raise InputError(
            f"split '{split.name}': {len(usable)} images with a label and two captions; "
            "expected at least 4, for two halves"
        )
    usable = np.random.default_rng(seed).permutation(usable)
    middle = len(usable) // 2
    return half(split, usable[:middle]), half(split, usable[middle:])


def task(name: str, split: Split, parameters: CategoryChapter) -> Task:
    """Half B with the four controls, fitted on half A, and a random scorer.

    Both sides are captions and share one space from the start, so the latent semantics of the
    captions are the head "pairs"; the head "labels" is their ridge regression to the labels. The
    first seed is that of the halves and of ITQ; from the features come the words, from the training
    the dimension of the latent semantics and the bits of the codes.
    """
    seed, words = parameters.seeds[0], parameters.features
    seen, unseen = halves(split, seed)
    mean = np.mean([len(split_words(caption)) for caption in split.captions])
    if mean < FEWEST_WORDS:
        raise InputError(
            f"{name}: captions have {mean:.1f} words on average; expected blanks between words, or "
            "'tokens' beside each 'raw' (scripts without blanks)"
        )
    fitted = [split.captions[c] for c in (*seen.stand_ins, *seen.candidates)]
    vocabulary = Vocabulary.fit(fitted, words.min_count)
    tokens = vocabulary.encode(fitted, words.max_words)
    dimension, bits = parameters.training.dimension, parameters.training.bits
    try:
        space = LatentSemantics(tokens.ids, tokens.lengths, len(vocabulary), dimension)
    except np.linalg.LinAlgError as error:
        raise InputError(_alike(name, words.min_count)) from error
    if not space.weights.any():
        raise InputError(_alike(name, words.min_count))

    def vectors(part: Half) -> Vectors:
        captions = [split.captions[c] for c in (*part.stand_ins, *part.candidates)]
        tokens = vocabulary.encode(captions, words.max_words)
        rows = space(tokens.ids, tokens.lengths)[tokens.text_of_caption]
        n = len(part.images)
        return Vectors(rows[:n], rows[n:], part.image_of_caption, split.labels[part.images])

    train, test = vectors(seen), vectors(unseen)
    to_labels = regression(
        np.concatenate([train.images, train.texts]),
        np.concatenate([train.labels, train.labels[train.image_of_caption]]).astype(np.float64),
    )
    heads = {
        "pairs": (_unchanged, _unchanged),
        "labels": (to_labels, to_labels),
    }
    ids = {
        "image_ids": split.image_ids[unseen.images],
        "caption_ids": split.caption_ids[unseen.candidates],
    }
    controls = four(train, test, heads, bits, seed, **ids)
    return Task(name, controls_and_chance(controls, seed), test.labels)


def _alike(name: str, min_count: int) -> str:
    return (
        f"{name}: no word occurs in {min_count} captions and not in all, so captions cannot be "
        "told apart; expected some (--min-count)"
    )


def _unchanged(vectors: np.ndarray) -> np.ndarray:
    return vectors
