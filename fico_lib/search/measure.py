"""Measures an index: ids, distances and times as they are; recall is computed from them later.

One record per index, build and query arguments, k, batch or single queries, and threads. Records
are kept under a key of all that, of the data, the code and the machine: a killed run resumes.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np

from fico_lib.runtime.arrays import read_npz
from fico_lib.runtime.digests import code_digest, digest
from fico_lib.runtime.files import write_whole
from fico_lib.search import index_entry, index_module, make
from fico_lib.search.binarise import quantizer_module
from fico_lib.search.dataset import SearchDataset
from fico_lib.search.fits import QuantizerFit, quantizer_fit
from fico_lib.search.index import SearchError
from fico_lib.search.threads import search_settings

WARM_UP = 5  # single queries, or a batch of as many, before the clock runs
ENOUGH_SECONDS = 0.5  # of batches: no further repeat once they took so long


@dataclass(frozen=True)
class BenchmarkSettings:
    """What times depend on beside index and data. threads: of a batch (a single query has one);

    repeats: at most so many batches, the median counts; singles: queries that are asked alone;
    machine: its name; cache: folder of the records and of the ground truth; device: of the exact
    search that finds it.
    """

    threads: int
    repeats: int
    singles: int
    machine: str
    cache: Path
    device: str = "auto"


@dataclass(frozen=True)
class Record:
    """What was measured.

    ids (n_queries, k) int64 and distances as the index returned them; times: seconds of each batch,
    or of each single query; refused: why there is no result ("" where there is one).
    """

    index: str
    build: dict
    query: dict
    k: int
    mode: str
    threads: int
    seconds: dict
    bytes_per_vector: float
    refused: str = ""
    ids: np.ndarray = field(default_factory=lambda: np.empty((0, 0), np.int64))
    distances: np.ndarray = field(default_factory=lambda: np.empty((0, 0), np.float32))
    times: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def setting(self) -> str:
        """The arguments of the query in words: 'ef_search 64'; "" for none."""
        return ", ".join(f"{name} {value}" for name, value in self.query.items())

    def milliseconds(self, percentile: float = 50) -> float:
        """Per query: the median (or another percentile) of the repeats or the single queries."""
        per = len(self.ids) if self.mode == "batch" else 1
        return 1e3 * float(np.percentile(self.times, percentile)) / max(per, 1)


def measure(
    problem: SearchDataset,
    name: str,
    asked: Sequence[tuple[dict, int, str]],
    conditions: BenchmarkSettings,
    **build,
) -> list[Record]:
    """The records of one index for each of `asked`, (query arguments, k, "batch" or "single").

    The index is built only if one of them is not kept yet. A result with missing ids is a record
    that says so in `refused`.
    """
    entry, index = index_entry(name), None
    build, records = entry.build | build, []
    for query, k, mode in asked:
        file = conditions.cache / f"{_key(problem, name, build, query, k, mode, conditions)}.npz"
        if not file.is_file():
            if index is None:
                with search_settings(conditions.threads, problem.gallery.dimension):
                    index = make(name, problem.gallery.dimension, **build)
                    if "quantizer" in build:
                        index.use(
                            shared_fit(problem, build["quantizer"], build["bits"], conditions)
                        )
                    index.build(problem.train, problem.gallery.blocks())
                size = index.size_bytes() / problem.gallery.n
            about = (name, build, query, k, mode, conditions.threads if mode == "batch" else 1)
            record = _run(index, problem, Record(*about, index.seconds, size), conditions)
            _write(record, file)
        records.append(_read(file))
    return records


def shared_fit(
    problem: SearchDataset, quantizer: str, bits: int, conditions: BenchmarkSettings
) -> QuantizerFit:
    """A quantizer as every index of the same data and bits has it under these conditions."""
    where = (conditions.threads, conditions.machine, conditions.cache)
    return quantizer_fit(problem, quantizer, bits, *where)


def _run(index, problem: SearchDataset, record: Record, conditions: BenchmarkSettings) -> Record:
    queries, k, query = problem.queries, min(record.k, problem.gallery.n), record.query
    times, found = [], []
    with search_settings(record.threads, problem.gallery.dimension):
        try:
            if record.mode == "batch":
                index.search(queries[:WARM_UP], k, **query)
                while len(times) < conditions.repeats and sum(times) < ENOUGH_SECONDS:
                    clock = time.perf_counter()
                    found = [index.search(queries, k, **query)]
                    times.append(time.perf_counter() - clock)
            else:
                for i in range(-WARM_UP, min(conditions.singles, len(queries))):
                    row = queries[[i % len(queries)]]
                    clock = time.perf_counter()
                    one = index.search(row, k, **query)
                    if i >= 0:
                        times.append(time.perf_counter() - clock)
                        found.append(one)
        except SearchError as error:
            return Record(**asdict(record) | {"refused": str(error)})
    distances, ids = (np.concatenate(side) for side in zip(*found, strict=True))
    return Record(**asdict(record) | {"ids": ids, "distances": distances, "times": np.array(times)})


def _key(problem, name, build, query, k, mode, conditions: BenchmarkSettings) -> str:
    modules = [index_module(name), "fico_lib.search.index"]
    if "quantizer" in build:
        modules.append(quantizer_module(build["quantizer"]))
    how = [conditions.threads, conditions.repeats, conditions.singles, conditions.machine]
    packages = [version("numpy"), version("torch")]
    return digest(problem.identity, name, build, query, k, mode, how, packages,
                  code_digest(*modules, "fico_lib.search.dataset"), _faiss())  # fmt: skip


def _faiss() -> str:
    import faiss

    return faiss.__version__


def _write(record: Record, file: Path) -> None:
    about = asdict(record)
    arrays = {name: about.pop(name) for name in ("ids", "distances", "times")}
    with write_whole(file) as part:
        np.savez(part, about=np.array(json.dumps(about)), **arrays)


def _read(file: Path) -> Record:
    arrays = read_npz(file)
    return Record(**json.loads(str(arrays.pop("about"))), **arrays)
