"""Is a paired difference more than chance? Sign flips by image, and Holm's correction."""

import numpy as np

FLIPS = 1 << 22  # signs drawn at once


def sign_flip_p(differences: np.ndarray, flips: int = 9999, seed: int = 0) -> np.ndarray:
    """Two-sided p-values (k,) of k mean differences, each of which is 0 if two models are alike.

    differences: (n_images, k) float64, the sum over an image's queries of what one model has more
    than the other. Were the models alike, each image's difference could as well have the other
    sign, so p is the share of random signs, those found among them, that give a sum at least as far
    from 0. The same signs serve all k. Source: Fisher 1935, "The Design of Experiments", Section
    21; by clusters, Canay, Romano and Shaikh 2017, "Randomization Tests under an Approximate
    Symmetry Assumption".

    >>> sign_flip_p(np.zeros((5, 1)))
    array([1.])
    >>> bool(sign_flip_p(np.ones((20, 1)))[0] < 0.001)
    True
    """
    n, k = differences.shape
    # Sums of the same terms in another order differ in their last digits.
    least = np.abs(differences.sum(0)) - 1e-9 * np.abs(differences).sum(0)
    rng, beyond, step = np.random.default_rng(seed), np.zeros(k, np.int64), max(1, FLIPS // n)
    for start in range(0, flips, step):
        size = min(step, flips - start)
        signs = rng.integers(0, 2, (size, n), np.int8).astype(float) * 2 - 1
        beyond += (np.abs(signs @ differences) >= least).sum(0)
    return (1 + beyond) / (1 + flips)


def holm(p: np.ndarray) -> np.ndarray:
    """p-values (k,) corrected for their number: those below a level are right together.

    Source: Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure".

    >>> holm(np.array([0.01, 0.04, 0.03])).round(2)
    array([0.03, 0.06, 0.06])
    """
    order = np.argsort(p)
    steps = p[order] * np.arange(len(p), 0, -1)
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return corrected
