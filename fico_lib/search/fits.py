"""Binary quantizers, fitted once per data set and number of bits for all indexes that use them."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fico_lib.runtime.arrays import read_npz
from fico_lib.runtime.digests import code_digest, digest
from fico_lib.runtime.files import write_whole
from fico_lib.search import binarise
from fico_lib.search.binarise.projection import Projection
from fico_lib.search.dataset import SearchDataset
from fico_lib.search.threads import search_settings


@dataclass(frozen=True)
class QuantizerFit:
    """A fitted quantizer, and the seconds that fitting it took, whoever uses it afterwards."""

    projection: Projection
    seconds: float


def quantizer_fit(
    problem: SearchDataset, name: str, bits: int, threads: int, machine: str, cache: Path
) -> QuantizerFit:
    """The quantizer `name` fitted to the training vectors, from the cache or fitted now.

    Kept under a key of the data, the code, the threads and the machine, as measurements are.
    Raises InputError as `fico_lib.search.binarise.fit` does.
    """
    code = code_digest(binarise.quantizer_module(name), "fico_lib.search.fits")
    file = cache / f"fit-{digest(problem.identity, name, bits, threads, machine, code)}.npz"
    if not file.is_file():
        with search_settings(threads, problem.gallery.dimension):
            clock = time.perf_counter()
            projection = binarise.fit(name, problem.train, bits)
            seconds = time.perf_counter() - clock
        arrays = {"mean": projection.mean, "matrix": projection.matrix}
        with write_whole(file) as part:
            np.savez(part, seconds=np.float64(seconds), **arrays)
    kept = read_npz(file)
    return QuantizerFit(Projection(kept["mean"], kept["matrix"]), float(kept["seconds"]))
