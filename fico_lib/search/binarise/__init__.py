"""Binary quantizers: from real vectors to codes of any number of bits, by signs of projections.

QUANTIZERS: name -> "module:function"; the function fits the quantizer to training vectors (n, d)
and returns a `Projection`. Each module has the formula and its source.
"""

import numpy as np

from fico_lib.runtime.errors import InputError
from fico_lib.runtime.registry import load, lookup, module_of

MOST = 65_536  # bits
KIND = "binary quantizer"
QUANTIZERS = {
    "itq": "fico_lib.search.binarise.itq:itq",
    "hyperplanes": "fico_lib.search.binarise.hyperplanes:hyperplanes",
    "pca_sign": "fico_lib.search.binarise.pca_sign:pca_sign",
    "truncated_sign": "fico_lib.search.binarise.truncated_sign:truncated_sign",
}
TITLES = {
    "itq": "PCA and ITQ",
    "hyperplanes": "random hyperplanes",
    "pca_sign": "signs of principal components",
    "truncated_sign": "signs of the first components",
}


def quantizer_module(name: str) -> str:
    """The module of a binary quantizer; InputError suggests the nearest name for an unknown one."""
    return module_of(lookup(KIND, QUANTIZERS, name))


def fit(name: str, train: np.ndarray, bits: int, seed: int = 0):
    """The quantizer `name` as a `Projection` fitted to `train` (n, d) float32.

    Raises InputError for an unknown name, and for fewer bits than 1 or more than the quantizer can
    make of d dimensions.
    """
    target = lookup(KIND, QUANTIZERS, name)
    if isinstance(bits, bool) or not isinstance(bits, (int, np.integer)) or not 1 <= bits <= MOST:
        raise InputError(f"bits: found {bits!r:.60}; expected 1 to {MOST}")
    return load(target)(train, bits, seed)
