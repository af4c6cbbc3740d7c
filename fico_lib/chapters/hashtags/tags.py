"""Hashtags as users might write them, and sentences made of them by rule."""

from collections.abc import Sequence

import numpy as np

Tags = tuple[int, ...]  # numbers of categories, the commonest first


def drawn_tags(
    labels: np.ndarray, popularity: np.ndarray, missing: float, wrong: float, seed: int
) -> list[Tags]:
    """The tags of each image.

    labels: (n, categories) bool; popularity: (categories,), by which tags are ordered, and the
    commonest of what is in an image stays where all would be missing. An image without labels whose
    user adds none has the commonest tag of all: a set of tags is never empty.
    """
    rng = np.random.default_rng(seed)
    chance = rng.random(labels.shape)
    tagged = np.where(labels, chance >= missing, chance < wrong)
    order = np.argsort(-popularity, kind="stable")
    found = []
    for present, own in zip(tagged, labels, strict=True):
        tags = order[present[order]]
        if not len(tags):
            tags = order[own[order]][:1] if own.any() else order[:1]
        found.append(tuple(tags.tolist()))
    return found


def hashtags(tags: Tags, names: Sequence[str]) -> str:
    """The tags as they are posted.

    >>> hashtags((1, 0), ["star", "ring"])
    '#ring #star'
    """
    return " ".join(f"#{names[tag].replace(' ', '')}" for tag in tags)


def sentence(tags: Tags, names: Sequence[str]) -> str:
    """The tags in a sentence by rule.

    >>> sentence((1, 0, 2), ["star", "ring", "arrow"])
    'a ring, a star and an arrow'
    """
    words = [f"{'an' if names[t][0] in 'aeiou' else 'a'} {names[t]}" for t in tags]
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
