"""An offset between images and texts, and what signs are centred on.

In many models the images lie in one place and the texts in another, the modality gap (Liang et al.
2022, "Mind the Gap"). Here an offset is added that changes no exact ranking, so that whatever
changes is due to the code.
"""

from dataclasses import replace

import numpy as np

from fico_lib.encodings import Codes, Embeddings
from fico_lib.search.compress.quantizers import Signs
from fico_lib.similarity.continuous import unit

EXACTLY = "exact float32"
OWN, GALLERY, ZERO = "each side's own mean", "the gallery's mean, for both", "zero"
CENTRINGS = (OWN, GALLERY, ZERO)


def with_gap(embeddings: Embeddings, size: float) -> Embeddings:
    """The embeddings with an offset of `size` lengths between images and texts.

    They get one dimension more, in which every image has size / 2 and every text -size / 2, and
    all dimensions are rotated, so that the offset is in each. It is at right angles to the data:
    inner products change by one constant, lengths by one factor, rankings not at all.
    """
    sides = [unit(side) for side in (embeddings.images, embeddings.texts)]
    d = sides[0].shape[1] + 1
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((d, d))).Q
    moved = (
        np.concatenate([side, np.full((len(side), 1), offset)], 1) @ turn
        for side, offset in zip(sides, (size / 2, -size / 2), strict=True)
    )
    images, texts = (side.astype(np.float32) for side in moved)
    return replace(embeddings, images=images, texts=texts, measure="cosine")


def centred_apart(embeddings: Embeddings, centring: str, direction: str) -> Codes:
    """Signs of both sides, for one direction, by what is taken off first (one of `CENTRINGS`)."""
    images, texts = embeddings.images, embeddings.texts
    gallery = texts if direction == "i2t" else images
    fitted = {
        OWN: lambda side: Signs.fit(side, "mean"),
        GALLERY: lambda side: Signs.fit(gallery, "mean"),
        ZERO: lambda side: Signs.fit(side, "zero"),
    }[centring]
    packed = [fitted(side).encode(side) for side in (images, texts)]
    return Codes.pack(
        *packed, embeddings.image_of_caption, bits=images.shape[1], model=embeddings.model
    )


def distance(embeddings: Embeddings) -> float:
    """Between the mean of the images and that of the texts, in lengths of an embedding."""
    means = [unit(side).mean(0) for side in (embeddings.images, embeddings.texts)]
    return float(np.linalg.norm(means[0] - means[1]))
