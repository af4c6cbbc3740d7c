"""Reference rows beside the models: a scorer that knows nothing, and two that know too much.

The oracles show what a data set can tell apart. The *label oracle* knows the labels of images and
captions and nothing else: where many images share labels, a model that is no better finds the
category, not the instance; where labels are nearly unique, the label oracle scores high, because
knowing labels is then enough. The *caption oracle* knows which texts describe an image, and how
many other images they describe: where images share texts, even it must guess, which bounds R@1 of
every model that ranks candidates by their content.
"""

from collections.abc import Iterable

import numpy as np

from fico_lib.encodings import Embeddings, Encodings, Scores
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models import model_card

RANDOM, LABELS, CAPTIONS = "random", "label_oracle", "caption_oracle"
CHANCE = "chance"  # the last line of a table: no scorer, but the expected value of a random ranking
NAMES = {
    RANDOM: "random scorer",
    LABELS: "label oracle",
    CAPTIONS: "caption oracle",
    CHANCE: "chance",
    "pairs_float": "control: pairs, float",
    "pairs_binary": "control: pairs, binary",
    "labels_float": "control: labels, float",
    "labels_binary": "control: labels, binary",
}
MAX_PAIRS = 1 << 27  # of the caption oracle's matrix: half a GB


def name_of(model: str) -> str:
    """What tables and figures call a model (with its granularity), a control or a reference row."""
    return NAMES.get(model) or f"{model} ({model_card(model).granularity})"


def names(models: Iterable[str]) -> dict[str, str]:
    """Model -> its name, in the order given."""
    return {model: name_of(model) for model in models}


def random_scorer(n_images: int, image_of_caption: np.ndarray, seed: int = 0) -> Embeddings:
    """Independent normal vectors, which know nothing of images and captions."""
    rng = np.random.default_rng(seed)
    images = rng.standard_normal((n_images, 64), np.float32)
    texts = rng.standard_normal((len(image_of_caption), 64), np.float32)
    return Embeddings(images, texts, image_of_caption, model=RANDOM)


def label_oracle(split: FeatureSplit) -> Embeddings:
    """The labels of images and captions as vectors, compared by cosine."""
    image_of_caption = np.array(split.image_of_caption)
    labels = np.asarray(split.labels, np.float32)
    unlabelled = 1e-3 * (labels.sum(1, keepdims=True) == 0)  # a cosine needs a length
    vectors = np.concatenate([labels, unlabelled], 1).astype(np.float32)
    return Embeddings(vectors, vectors[image_of_caption], image_of_caption, model=LABELS)


def caption_oracle(split: FeatureSplit) -> Scores:
    """The chance that a caption with this text is the image's: its share of the text's captions."""
    image, text = np.array(split.image_of_caption), np.asarray(split.text_of_caption)
    counts = np.zeros((len(split.image_ids), text.max() + 1), np.float32)
    np.add.at(counts, (image, text), 1)
    return Scores((counts / np.maximum(counts.sum(0), 1))[:, text], None, image, model=CAPTIONS)


def references(split: FeatureSplit, seed: int = 0) -> list[Encodings]:
    """The reference rows that the data allow: no label oracle without labels."""
    image_of_caption = np.array(split.image_of_caption)
    rows: list[Encodings] = [random_scorer(len(split.image_ids), image_of_caption, seed)]
    if split.labels is not None:
        rows.append(label_oracle(split))
    if len(split.image_ids) * len(image_of_caption) <= MAX_PAIRS:
        rows.append(caption_oracle(split))
    return rows
