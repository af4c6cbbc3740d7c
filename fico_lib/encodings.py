"""The noun `Encodings`: what a model hands over, in exactly three kinds (FiCo-ITR, Section 3.2)."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Embeddings:
    """Continuous embeddings of one split.

    images: (n_images, d) float; texts: (n_captions, d) float;
    image_of_caption: (n_captions,) int64; image_ids, caption_ids: str;
    measure: how two of them are compared (cosine, euclidean, inner_product);
    timings: seconds per step, by name.
    """

    images: np.ndarray
    texts: np.ndarray
    image_of_caption: np.ndarray
    image_ids: np.ndarray
    caption_ids: np.ndarray
    model: str = ""
    measure: str = "cosine"
    timings: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Codes:
    """Binary hash codes of one split, bit-packed: compared by Hamming distance.

    images: (n_images, ceil(bits / 8)) uint8; texts: (n_captions, ceil(bits / 8)) uint8, packed by
    `numpy.packbits` (big bit order, zero padding); the rest as in `Embeddings`.
    """

    images: np.ndarray
    texts: np.ndarray
    bits: int
    image_of_caption: np.ndarray
    image_ids: np.ndarray
    caption_ids: np.ndarray
    model: str = ""
    timings: dict[str, float] = field(default_factory=dict)
