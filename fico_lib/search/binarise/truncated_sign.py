"""Signs of the first components: a code without any training."""

import numpy as np

from fico_lib.runtime.errors import InputError
from fico_lib.search.binarise.projection import Projection


def truncated_sign(train: np.ndarray, bits: int, seed: int = 0) -> Projection:
    """Signs of the first `bits` components, uncentred; at most as many bits as dimensions."""
    d = train.shape[1]
    if bits > d:
        raise InputError(f"truncated_sign: {bits} bits of {d} dimensions; expected no more")
    return Projection(np.zeros(d, np.float32), np.eye(d, bits, dtype=np.float32))
