"""Which regions of the test images each word matches best: what LCA learned unsupervised."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from fico_lib.datasets.dataset import Images
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.features.text import UNKNOWN
from fico_lib.models.selfalign import SelfAlign

SHOWN = ("noun", "adjective")
CAPTIONS_AT_ONCE = 1000
SMALLEST = 8  # pixels that a side of a picture has at least


def frequent_words(split: FeatureSplit, count: int) -> list[str]:
    """The words in most captions: as many nouns as adjectives, each kind the most frequent first.

    Where no part of speech is known, the most frequent words beside gensim's stop words.
    """
    tokens = np.asarray(split.tokens)[split.text_of_caption]
    present = np.zeros((len(tokens), split.vocabulary_size), bool)
    np.put_along_axis(present, tokens.astype(np.int64), True, axis=1)
    frequency = present.sum(0)[UNKNOWN + 1 :]
    order = [i for i in np.argsort(-frequency, kind="stable") if frequency[i]]
    if split.parts_of_speech is None:
        from gensim.parsing.preprocessing import STOPWORDS  # takes a second

        return [word for i in order if (word := str(split.words[i])) not in STOPWORDS][:count]
    kinds = [
        [str(split.words[i]) for i in order if split.parts_of_speech[i] == part] for part in SHOWN
    ]
    nouns, adjectives = kinds
    few = min(len(adjectives), count // 2)
    return nouns[: count - few] + adjectives[:few]


def matches(model: SelfAlign, split: FeatureSplit, words: Sequence[str], top: int) -> pd.DataFrame:
    """The `top` regions that match each word best, one of each image.

    Of each caption with the word, the region of its image that is most similar to it; rows have
    word, place (from 1), image (row of the split), image_id, region, cosine, and the region's box
    as fractions of the image: centre_x, centre_y, width, height.
    """
    number = {str(word): i + UNKNOWN + 1 for i, word in enumerate(split.words)}
    found = pd.concat(occurrences(model, split, [number[word] for word in words]))
    found["word"] = found["number"].map({number[word]: word for word in words})
    found = found.sort_values(["number", "cosine"], ascending=[True, False], kind="stable")
    found = found.drop_duplicates(["number", "image"])
    found["place"] = found.groupby("number").cumcount() + 1
    found = found[found["place"] <= top].copy()
    image, region = found["image"].to_numpy(), found["region"].to_numpy()
    found["image_id"] = np.asarray(split.image_ids)[image]
    found[["centre_x", "centre_y", "width", "height"]] = split.boxes[image, region]
    order = {word: i for i, word in enumerate(words)}
    found = found.sort_values(
        ["word", "place"], key=lambda c: c.map(order) if c.name == "word" else c
    )
    columns = ["word", "place", "image", "image_id", "region", "cosine"]
    return found[[*columns, "centre_x", "centre_y", "width", "height"]].reset_index(drop=True)


def occurrences(model: SelfAlign, split: FeatureSplit, wanted: Sequence[int]) -> Iterator:
    """number, image, region and cosine of every occurrence of the wanted words, block by block."""
    for start in range(0, len(split.caption_ids), CAPTIONS_AT_ONCE):
        captions = np.arange(start, min(start + CAPTIONS_AT_ONCE, len(split.caption_ids)))
        regions, cosines = model.word_regions(split, captions)
        tokens = np.asarray(split.tokens[split.text_of_caption[captions]])[:, : regions.shape[1]]
        row, place = np.nonzero(np.isin(tokens, wanted) & (regions >= 0))
        yield pd.DataFrame(
            {
                "number": tokens[row, place],
                "image": split.image_of_caption[captions[row]],
                "region": regions[row, place],
                "cosine": cosines[row, place],
            }
        )


def crops(found: pd.DataFrame, images: Images) -> list[np.ndarray]:
    """The region of each row of `matches` as a picture, uint8 (height, width, 3)."""
    return [_crop(images.read([row.image])[0], row) for row in found.itertuples()]


def _crop(image: np.ndarray, box) -> np.ndarray:
    """The part of an image in a box, at least a few pixels wide and high."""
    spans = []
    for size, centre, side in (
        (image.shape[0], box.centre_y, box.height),
        (image.shape[1], box.centre_x, box.width),
    ):
        length = min(size, max(SMALLEST, round(side * size)))
        start = min(max(0, round(centre * size - length / 2)), size - length)
        spans.append(slice(start, start + length))
    return image[tuple(spans)]
