"""Benchmarks of an index: raw ids, distances and times, from which recall is computed later.

There is one record per index, build and query arguments, k, mode (batch or single queries) and
number of threads. Records are cached under a key of all these, the data, the code and the machine,
so a killed run resumes.
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
from fico_lib.search.index import SearchError
from fico_lib.search.threads import search_settings

WARM_UP = 5  # single queries, or a batch of so many, before the clock starts
ENOUGH_SECONDS = 0.5  # total time of batches after which none is repeated


@dataclass(frozen=True)
class BenchmarkSettings:
    """What times depend on besides the index and the data.

    threads: for a batch (a single query has one); repeats: the most batches that are run, of which
    the median counts; singles: queries run one by one; machine: its name; cache: the folder of
    records.
    """

    threads: int
    repeats: int
    singles: int
    machine: str
    cache: Path
    device: str = "auto"


@dataclass(frozen=True)
class Record:
    """One measurement.

    ids (n_queries, k) int64 and distances as the index returned them; times: seconds of each batch
    or of each single query; refused: why there is no result, "" if there is one.
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
    dataset: SearchDataset,
    name: str,
    searches: Sequence[tuple[dict, int, str]],
    settings: BenchmarkSettings,
    **build,
) -> list[Record]:
    """The records of one index for each of `searches`, (query arguments, k, "batch" or "single").

    The index is built only if a record is not in the cache. A search whose results lack ids gives a
    record that says so in `refused`. build: build arguments in place of the entry's.
    """
    entry, index = index_entry(name), None
    build, records = entry.build | build, []
    for query, k, mode in searches:
        file = settings.cache / f"{_key(dataset, name, build, query, k, mode, settings)}.npz"
        if not file.is_file():
            if index is None:
                with search_settings(settings.threads, dataset.gallery.dimension):
                    index = make(name, dataset.gallery.dimension, **build)
                    index.build(dataset.train, dataset.gallery.blocks())
                size = index.size_bytes() / dataset.gallery.n
            threads = settings.threads if mode == "batch" else 1
            record = Record(name, build, query, k, mode, threads, index.seconds, size)
            record = _run(index, dataset, record, settings)
            _write(record, file)
        records.append(_read(file))
    return records


def _run(index, dataset: SearchDataset, record: Record, settings: BenchmarkSettings) -> Record:
    queries, k, query = dataset.queries, min(record.k, dataset.gallery.n), record.query
    times, results = [], []
    with search_settings(record.threads, dataset.gallery.dimension):
        try:
            if record.mode == "batch":
                index.search(queries[:WARM_UP], k, **query)
                while len(times) < settings.repeats and sum(times) < ENOUGH_SECONDS:
                    clock = time.perf_counter()
                    results = [index.search(queries, k, **query)]
                    times.append(time.perf_counter() - clock)
            else:
                for i in range(-WARM_UP, min(settings.singles, len(queries))):
                    row = queries[[i % len(queries)]]
                    clock = time.perf_counter()
                    result = index.search(row, k, **query)
                    if i >= 0:
                        times.append(time.perf_counter() - clock)
                        results.append(result)
        except SearchError as error:
            return Record(**asdict(record) | {"refused": str(error)})
    distances, ids = (np.concatenate(side) for side in zip(*results, strict=True))
    return Record(**asdict(record) | {"ids": ids, "distances": distances, "times": np.array(times)})


def _key(dataset, name, build, query, k, mode, settings: BenchmarkSettings) -> str:
    modules = [index_module(name), "fico_lib.search.index"]
    if "quantizer" in build:
        modules.append(quantizer_module(build["quantizer"]))
    benchmark = [settings.threads, settings.repeats, settings.singles, settings.machine]
    packages = [version("numpy"), version("torch")]
    return digest(dataset.identity, name, build, query, k, mode, benchmark, packages,
                  code_digest(*modules, "fico_lib.search.dataset"), _faiss())  # fmt: skip


def _faiss() -> str:
    import faiss

    return faiss.__version__


def _write(record: Record, file: Path) -> None:
    facts = asdict(record)
    arrays = {name: facts.pop(name) for name in ("ids", "distances", "times")}
    with write_whole(file) as part:
        np.savez(part, about=np.array(json.dumps(facts)), **arrays)


def _read(file: Path) -> Record:
    arrays = read_npz(file)
    return Record(**json.loads(str(arrays.pop("about"))), **arrays)
