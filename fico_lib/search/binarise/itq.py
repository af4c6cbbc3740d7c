"""PCA and iterative quantisation: the code that reproduces the paper's Table 7 best."""

import numpy as np

from fico_lib.search.binarise.projection import Projection, principal_directions

ITERATIONS = 50  # as in the paper of the method
MOST = 10_000  # train vectors that are used


def itq(train: np.ndarray, bits: int, seed: int = 0) -> Projection:
    """Principal directions V of `train`, turned by the rotation R that the signs lose least by.

    min |B - X V R| over B in {-1, 1} and R, alternating: B = sign(X V R), then R from the singular
    vectors of B' X V. For more bits than dimensions, several rotations stand side by side, each
    from a random start of its own. Source: Gong et al. 2013, "Iterative Quantization", Section 3.
    """
    train = train[:MOST]
    rng, d = np.random.default_rng(seed), train.shape[1]
    widths = [d] * (bits // d) + ([bits % d] if bits % d else [])
    mean, directions = principal_directions(train, max(widths))
    turned = [
        directions[:, :w] @ _rotation((train - mean) @ directions[:, :w], rng) for w in widths
    ]
    return Projection(mean, np.concatenate(turned, 1))


def _rotation(reduced: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    width = reduced.shape[1]
    rotation = np.linalg.qr(rng.standard_normal((width, width)))[0].astype(np.float32)
    for _ in range(ITERATIONS):
        signs = np.copysign(np.float32(1), reduced @ rotation)
        u, _, v = np.linalg.svd(signs.T @ reduced)
        rotation = (u @ v).T
    return rotation
