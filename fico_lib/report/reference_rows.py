"""Reference rows beside the models: a scorer that knows nothing, and two that know too much.

The oracles show what a data set can tell apart. The *label oracle* knows the labels of images and
captions and nothing else: where many images share labels, a model that is no better finds the
category, not the instance; where labels are nearly unique, so that it is high, they could do. The
*caption oracle* knows which texts describe an image, and how rarely another one: where images share
texts, even it must guess, which bounds R@1 of every model that knows candidates by what they say
and show.
"""

import numpy as np

from fico_lib.encodings import Embeddings, Encodings, Scores
from fico_lib.features.feature_split import FeatureSplit

RANDOM, LABELS, CAPTIONS = "random", "label_oracle", "caption_oracle"
NAMES = {RANDOM: "random scorer", LABELS: "label oracle", CAPTIONS: "caption oracle"}
MOST_PAIRS = 1 << 27  # of the caption oracle's matrix: half a GB


def random_scorer(n_images: int, image_of_caption: np.ndarray, seed: int = 0) -> Embeddings:
    """Embeddings that know nothing: independent normal vectors."""
    rng = np.random.default_rng(seed)
    images = rng.standard_normal((n_images, 64), np.float32)
    texts = rng.standard_normal((len(image_of_caption), 64), np.float32)
    return Embeddings(images, texts, image_of_caption, model=RANDOM)


def label_oracle(split: FeatureSplit) -> Embeddings:
    """The labels of images and captions as vectors, compared by cosine."""
    of = np.array(split.image_of_caption)
    labels = np.asarray(split.labels, np.float32)
    unlabelled = 1e-3 * (labels.sum(1, keepdims=True) == 0)  # a cosine needs a length
    vectors = np.concatenate([labels, unlabelled], 1).astype(np.float32)
    return Embeddings(vectors, vectors[of], of, model=LABELS)


def caption_oracle(split: FeatureSplit) -> Scores:
    """The chance that a caption with this text is the image's: its share of the text's captions."""
    of, text = np.array(split.image_of_caption), np.asarray(split.text_of_caption)
    own = np.zeros((len(split.image_ids), text.max() + 1), np.float32)
    np.add.at(own, (of, text), 1)
    return Scores((own / np.maximum(own.sum(0), 1))[:, text], None, of, model=CAPTIONS)


def references(split: FeatureSplit, seed: int = 0) -> list[Encodings]:
    """The reference rows that the data allow: without labels no label oracle."""
    of = np.array(split.image_of_caption)
    found: list[Encodings] = [random_scorer(len(split.image_ids), of, seed)]
    if split.labels is not None:
        found.append(label_oracle(split))
    if len(split.image_ids) * len(of) <= MOST_PAIRS:
        found.append(caption_oracle(split))
    return found
