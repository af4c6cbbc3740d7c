"""Similarity search: indexes, and how to benchmark them.

INDEXES: name -> `IndexEntry`. Build arguments and the query argument that trades time for recall
are separate (after ann-benchmarks). To add an index, add an entry, and a class unless faiss's index
factory can make it.
"""

from dataclasses import dataclass, field

from fico_lib.runtime.registry import load, lookup, module_of

FLOAT = "fico_lib.search.float_index:FloatIndex"
CODE = "fico_lib.search.code_index:"


@dataclass(frozen=True)
class IndexEntry:
    """A registered index.

    title: its name on a page; cls: "module:class"; build: default build arguments; query: the query
    argument that is swept, "" for none; codes: it keeps codes alone, no float vectors; extra_bytes:
    bytes per vector besides the vector or code itself, for the memory arithmetic; also: fixed query
    arguments; gpu: it needs one.
    """

    title: str
    cls: str
    build: dict = field(default_factory=dict)
    query: str = ""
    codes: bool = False
    extra_bytes: int = 8
    also: dict = field(default_factory=dict)
    gpu: bool = False


PAPER_INDEXES = ("flat", "hnsw", "code_flat", "code_ivf")  # of FiCo-ITR's Table 7
ITQ64 = {"quantizer": "itq", "bits": 64}
GPU = "fico_lib.search.gpu_index:"
INDEXES = {
    "flat": IndexEntry("exact, float32", FLOAT, {"factory": "Flat"}, extra_bytes=0),
    "hnsw": IndexEntry("HNSW32", FLOAT, {"factory": "HNSW32"}, "ef_search", extra_bytes=290),
    "ivf_flat": IndexEntry(
        "IVF, float32", FLOAT, {"factory": "IVF{n_lists},Flat", "n_lists": 256}, "n_probe"
    ),
    "ivf_sq8": IndexEntry(
        "IVF, 8-bit components", FLOAT, {"factory": "IVF{n_lists},SQ8", "n_lists": 256}, "n_probe"
    ),
    "ivf_pq": IndexEntry(
        "IVF, PQ fast-scan, refined",
        FLOAT,
        {"factory": "IVF{n_lists},PQ{quarter}x4fs,RFlat", "n_lists": 256},
        "n_probe",
        extra_bytes=64,
        also={"rerank_k": 100},
    ),
    "rabitq": IndexEntry(
        "RaBitQ fast-scan, refined", FLOAT, {"factory": "RaBitQfs,RFlat"}, "rerank_k",
        extra_bytes=300,
    ),
    "ivf_rabitq": IndexEntry(
        "IVF, RaBitQ fast-scan", FLOAT, {"factory": "IVF{n_lists},RaBitQfs4", "n_lists": 256},
        "n_probe",
    ),
    "code_flat": IndexEntry("codes, exhaustive", CODE + "CodeIndex", ITQ64, codes=True),
    "code_counting": IndexEntry(
        "codes, exhaustive by counting", CODE + "CodeCounting", ITQ64, codes=True
    ),
    "code_ivf": IndexEntry(
        "codes, IVF", CODE + "CodeIVF", ITQ64 | {"n_lists": 128}, "n_probe", codes=True
    ),
    "code_hnsw": IndexEntry(
        "codes, HNSW", CODE + "CodeHNSW", ITQ64, "ef_search", codes=True, extra_bytes=290
    ),
    "screen": IndexEntry(
        "codes, then exact", "fico_lib.search.screen:Screen", ITQ64 | {"bits": 256}, "rerank_k",
        extra_bytes=64,
    ),
    "gpu_flat": IndexEntry("GpuIndexFlatIP", GPU + "GpuFlat", gpu=True),
    "gpu_code_flat": IndexEntry(
        "GpuIndexBinaryFlat", GPU + "GpuCodeFlat", ITQ64, codes=True, gpu=True
    ),
    "gpu_bf16": IndexEntry("exact, bfloat16 tiles in torch", GPU + "TiledBf16", gpu=True),
}  # fmt: skip


def index_entry(name: str) -> IndexEntry:
    """The entry of an index; InputError suggests the nearest name for an unknown one."""
    return lookup("index", INDEXES, name)


def index_module(name: str) -> str:
    """The module of an index's class."""
    return module_of(index_entry(name).cls)


def make(name: str, dimension: int, **build):
    """An empty index of that name; `build` overrides build arguments of its entry.

    Raises InputError for an unknown name, and where the library of the index is not installed.
    """
    entry = index_entry(name)
    return load(entry.cls)(dimension, **entry.build | build)


def query_arguments(name: str, values: dict[str, list]) -> list[dict]:
    """The query arguments of an index for each value of a sweep, {"ef_search": [...], ...}."""
    entry = index_entry(name)
    if not entry.query:
        return [{}]
    return [entry.also | {entry.query: value} for value in values[entry.query]]


def unavailable_reason(name: str) -> str:
    """Why an index cannot run on this machine; "" if it can."""
    if not index_entry(name).gpu:
        return ""
    return load(GPU + "unavailable_reason")(name)
