"""Binarisers: from real vectors to codes of any number of bits, by the signs of projections.

BINARISERS: name -> "module:function"; a function fits one on train vectors (n, d) and returns a
`Projection`. Their formulas and sources are in their modules.
"""

from importlib import import_module

import numpy as np

from fico_lib.runtime.errors import InputError, unknown_name

BINARISERS = {
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


def binariser_module(name: str) -> str:
    """The module of a binariser; InputError with the nearest name where there is none."""
    if name not in BINARISERS:
        raise unknown_name("binariser", name, BINARISERS)
    return BINARISERS[name].split(":")[0]


def fit(name: str, train: np.ndarray, bits: int, seed: int = 0):
    """A binariser of that name, fitted on `train` (n, d); InputError where `bits` are too many."""
    module = binariser_module(name)
    if bits < 1:
        raise InputError(f"bits: found {bits}; expected at least 1")
    return getattr(import_module(module), BINARISERS[name].split(":")[1])(train, bits, seed)
