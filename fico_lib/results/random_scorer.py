"""A scorer that knows nothing: a row of every accuracy table, beside the chance level."""

import numpy as np

from fico_lib.encodings import Embeddings

RANDOM = "random"


def random_scorer(n_images: int, image_of_caption: np.ndarray, seed: int = 0) -> Embeddings:
    """Embeddings that know nothing: independent normal vectors."""
    rng = np.random.default_rng(seed)
    images = rng.standard_normal((n_images, 64), np.float32)
    texts = rng.standard_normal((len(image_of_caption), 64), np.float32)
    return Embeddings(images, texts, image_of_caption, model=RANDOM)
