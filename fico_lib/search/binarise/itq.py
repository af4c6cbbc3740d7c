"""PCA and iterative quantisation: the code that reproduces the paper's Table 7 best."""

import numpy as np
import torch

from fico_lib.runtime.devices import threads
from fico_lib.search.binarise.projection import Projection, principal_directions

ITERATIONS = 50  # as in the paper of the method
MOST = 5_000  # train vectors that are used


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
    centred, directions = torch.from_numpy(train - mean), torch.from_numpy(directions)
    with threads(1):  # many small steps: threads would wait for each other
        turned = [directions[:, :w] @ _rotation(centred @ directions[:, :w], rng) for w in widths]
    return Projection(mean, torch.cat(turned, 1).numpy())


def _rotation(reduced: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    width = reduced.shape[1]
    rotation = torch.linalg.qr(torch.from_numpy(rng.standard_normal((width, width)))).Q.float()
    for _ in range(ITERATIONS):
        signs = torch.where(reduced @ rotation >= 0, 1.0, -1.0)
        u, _, v = torch.linalg.svd(signs.T @ reduced)
        rotation = (u @ v).T
    return rotation
