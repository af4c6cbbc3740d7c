"""Controls: closed-form heads that tell supervision by labels and binarisation apart.

The paper's coarse-grained models differ from its fine-grained ones in two ways at once: some are
trained on labels, and all have binary codes. Four encodings of the same inputs keep the two apart:

              float                                  binary
    pairs     canonical correlations of image, text  ITQ codes of the same vectors
    labels    ridge regression to the labels         ITQ codes of the same vectors

"pairs" know which image and caption belong together, "labels" know the labels of both. Nothing is
trained by gradient: a head is the solution of a linear system or an eigenproblem. Where one caption
stands for its image (`fico captions`) both sides are text and share
one space already, so there "pairs" are the latent semantics themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg

from fico_lib.encodings import Codes, Embeddings
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.latent import LatentSemantics
from fico_lib.search.binarise.itq import itq

RIDGE = 0.1  # added to each variance, as a share of the mean variance; chosen on validation splits


@dataclass(frozen=True)
class Affine:
    """The map x @ weights + offset of vectors (n, d); weights: (d, c), offset: (c,) float64."""

    weights: np.ndarray
    offset: np.ndarray

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """(n, d) -> (n, c)."""
        return vectors @ self.weights + self.offset

    def then(self, after: "Affine") -> "Affine":
        """Both, one after the other, as one map."""
        return Affine(self.weights @ after.weights, after(self.offset))


Head = tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]


@dataclass(frozen=True)
class Vectors:
    """What the heads see of a split; the rows of `labels` belong to the images.

    images: (n_images, d) float64; texts: (n_captions, e) float64; image_of_caption: (n_captions,)
    int64; labels: (n_images, n_categories) bool, or None.
    """

    images: np.ndarray
    texts: np.ndarray
    image_of_caption: np.ndarray
    labels: np.ndarray | None


def vectors_of(split: FeatureSplit, space: LatentSemantics) -> Vectors:
    """Whole-image features, and the captions in `space`."""
    return Vectors(
        np.asarray(split.whole, np.float64),
        space(split.tokens, split.lengths)[split.text_of_caption],
        np.array(split.image_of_caption),
        None if split.labels is None else np.array(split.labels),
    )


def _ridged(covariance: np.ndarray) -> np.ndarray:
    return covariance + RIDGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))


def regression(inputs: np.ndarray, targets: np.ndarray) -> Affine:
    """Ridge regression of `targets` (n, c) on `inputs` (n, d)."""
    mean, level = inputs.mean(0), targets.mean(0)
    centred = inputs - mean
    weights = linalg.solve(
        _ridged(centred.T @ centred / len(inputs)),
        centred.T @ (targets - level) / len(inputs),
        assume_a="pos",
    )
    return Affine(weights, level - mean @ weights)


def label_head(train: Vectors) -> tuple[Affine, Affine]:
    """Each side's ridge regression to the labels; a caption has its image's."""
    labels = train.labels.astype(np.float64)
    return (
        regression(train.images, labels),
        regression(train.texts, labels[train.image_of_caption]),
    )


def pair_head(train: Vectors) -> tuple[Affine, Affine]:
    """Canonical correlation analysis: the directions in which the sides of a pair correlate.

    Each direction is scaled by its correlation. Source: Gong et al. 2014, "A Multi-View Embedding
    Space for Modeling Internet Images, Tags, and their Semantics", Section 3, with power 1.
    """
    of, n = train.image_of_caption, len(train.texts)
    means = train.images[of].mean(0), train.texts.mean(0)
    images, texts = train.images[of] - means[0], train.texts - means[1]
    left = np.linalg.cholesky(_ridged(images.T @ images / n))
    right = np.linalg.cholesky(_ridged(texts.T @ texts / n))
    whitened = linalg.solve_triangular(left, images.T @ texts / n, lower=True)
    whitened = linalg.solve_triangular(right, whitened.T, lower=True).T
    u, correlation, v = np.linalg.svd(whitened, full_matrices=False)
    a = linalg.solve_triangular(left.T, u) * correlation
    b = linalg.solve_triangular(right.T, v.T) * correlation
    return Affine(a, -means[0] @ a), Affine(b, -means[1] @ b)


def code_head(images: np.ndarray, texts: np.ndarray, bits: int, seed: int) -> tuple[Affine, Affine]:
    """ITQ fitted on the vectors of train pairs, (n, c) each: a bit is set where its value is >= 0.

    Each side is centred on its own mean.
    """
    means = images.mean(0), texts.mean(0)
    pairs = np.stack([images - means[0], texts - means[1]], 1)  # side by side, as ITQ may read few
    found = itq(pairs.reshape(-1, images.shape[1]).astype(np.float32), bits, seed)
    matrix, centre = found.matrix.astype(np.float64), found.mean
    return tuple(Affine(matrix, -(mean + centre) @ matrix) for mean in means)


def codes_of(train: Vectors, head: Head, bits: int, seed: int) -> tuple[Affine, Affine]:
    """`code_head` of what a head makes of the train split, one caption of each image."""
    first = np.unique(train.image_of_caption, return_index=True)[1]
    return code_head(head[0](train.images), head[1](train.texts[first]), bits, seed)


def four(
    train: Vectors, test: Vectors, heads: dict[str, Head], bits: int, seed: int, **about: Any
) -> list[Embeddings | Codes]:
    """The controls of `test`: pairs_float, pairs_binary, labels_float, labels_binary.

    heads: "pairs" and "labels", fitted on `train`; bits: of the codes; seed: of ITQ's first
    rotation; about: what encodings carry besides.
    """
    made: list[Embeddings | Codes] = []
    about |= {"image_of_caption": test.image_of_caption}
    for name, head in heads.items():
        sides = head[0](test.images), head[1](test.texts)
        binarise = codes_of(train, head, bits, seed)
        floats = (side.astype(np.float32) for side in sides)
        signs = (to_code(side) >= 0 for to_code, side in zip(binarise, sides, strict=True))
        made.append(Embeddings(*floats, model=f"{name}_float", **about))
        made.append(Codes.pack(*signs, model=f"{name}_binary", **about))
    return made
