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

import numpy as np
from scipy import linalg

from fico_lib.encodings import Codes, Embeddings
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.latent import LatentSemantics
from fico_lib.search.binarise.itq import itq

RIDGE = 0.1  # added to each variance, as a share of the mean variance; chosen on validation splits

Head = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Vectors:
    """What the heads see of a split; the rows of `labels` belong to the images.

    images: (n_images, d) float64; texts: (n_captions, e) float64; image_of_caption: (n_captions,)
    int64; labels: (n_images, n_categories) bool.
    """

    images: np.ndarray
    texts: np.ndarray
    image_of_caption: np.ndarray
    labels: np.ndarray


def vectors_of(split: FeatureSplit, space: LatentSemantics) -> Vectors:
    """Whole-image features, and the captions in `space`."""
    return Vectors(
        np.asarray(split.whole, np.float64),
        space(split.tokens, split.lengths)[split.text_of_caption],
        np.array(split.image_of_caption),
        np.array(split.labels),
    )


def _ridged(covariance: np.ndarray) -> np.ndarray:
    return covariance + RIDGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))


def regression(inputs: np.ndarray, targets: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Ridge regression of `targets` (n, c) on `inputs` (n, d): a function (m, d) -> (m, c)."""
    mean, level = inputs.mean(0), targets.mean(0)
    centred = inputs - mean
    weights = linalg.solve(
        _ridged(centred.T @ centred / len(inputs)),
        centred.T @ (targets - level) / len(inputs),
        assume_a="pos",
    )
    return lambda vectors: (vectors - mean) @ weights + level


def label_head(train: Vectors) -> Head:
    """Each side's ridge regression to the labels; a caption has its image's."""
    labels = train.labels.astype(np.float64)
    of_images = regression(train.images, labels)
    of_texts = regression(train.texts, labels[train.image_of_caption])
    return lambda images, texts: (of_images(images), of_texts(texts))


def pair_head(train: Vectors) -> Head:
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
    return lambda images, texts: ((images - means[0]) @ a, (texts - means[1]) @ b)


def codes_of(images: np.ndarray, texts: np.ndarray, bits: int, seed: int) -> Head:
    """ITQ fitted on the vectors of train pairs, (n, c) each: a function to packed codes.

    Each side is centred on its own mean.
    """
    means = images.mean(0), texts.mean(0)
    pairs = np.stack([images - means[0], texts - means[1]], 1)  # side by side, as ITQ may read few
    projection = itq(pairs.reshape(-1, images.shape[1]).astype(np.float32), bits, seed)
    return lambda *sides: tuple(
        projection.encode((side - mean).astype(np.float32))
        for side, mean in zip(sides, means, strict=True)
    )


def four(
    train: Vectors, test: Vectors, heads: dict[str, Head], bits: int, seed: int, **ids
) -> list[Embeddings | Codes]:
    """The controls of `test`: pairs_float, pairs_binary, labels_float, labels_binary.

    heads: "pairs" and "labels", fitted on `train`; bits: of the codes; seed: of ITQ's first
    rotation; ids: image_ids and caption_ids of the test split, where there are some.
    """
    made = []
    for name, head in heads.items():
        images, texts = head(train.images, train.texts)
        first = np.unique(train.image_of_caption, return_index=True)[1]  # one caption per image
        binarise = codes_of(images, texts[first], bits, seed)
        images, texts = head(test.images, test.texts)
        of, floats = test.image_of_caption, (images.astype(np.float32), texts.astype(np.float32))
        made.append(Embeddings(*floats, of, model=f"{name}_float", **ids))
        made.append(Codes(*binarise(images, texts), bits, of, model=f"{name}_binary", **ids))
    return made


def controls(
    train: FeatureSplit, test: FeatureSplit, dimension: int = 256, bits: int = 64, seed: int = 0
) -> list[Embeddings | Codes]:
    """The four controls of `test`, fitted on `train`: both must have labels.

    dimension: of the latent semantics of the texts; the rest as in `four`.
    """
    space = LatentSemantics(train.tokens, train.lengths, train.vocabulary_size, dimension)
    seen, unseen = vectors_of(train, space), vectors_of(test, space)
    return four(
        seen,
        unseen,
        {"pairs": pair_head(seen), "labels": label_head(seen)},
        bits,
        seed,
        image_ids=np.array(test.image_ids),
        caption_ids=np.array(test.caption_ids),
    )
