"""Signs of principal components: PCA without the rotation of ITQ."""

import numpy as np

from fico_lib.runtime.errors import InputError
from fico_lib.search.binarise.projection import Projection, principal_directions


def pca_sign(train: np.ndarray, bits: int, seed: int = 0) -> Projection:
    """Signs of the leading components of the centred vectors; at most as many bits as dimensions.

    The first components hold most of the variance and get one bit each, as the last ones do.
    Source: the baseline of Gong et al. 2013, "Iterative Quantization", Section 4 (PCA-Direct).
    """
    if bits > train.shape[1]:
        raise InputError(f"pca_sign: {bits} bits of {train.shape[1]} dimensions; expected no more")
    return Projection(*principal_directions(train, bits))
