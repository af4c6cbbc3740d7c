"""Rows of `fico bench-search`: the indexes on vectors of one's own."""

import math
from collections.abc import Sequence

import pandas as pd

from fico_lib.chapters.search.results import measured_rows, with_shared_fits
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.progress import track
from fico_lib.search import INDEXES, index_entry, memory, query_arguments, unavailable_reason
from fico_lib.search.dataset import SearchDataset
from fico_lib.search.exact import ground_truth
from fico_lib.search.measure import BenchmarkSettings, measure

SWEEPS = {"ef_search": [16, 64, 256], "n_probe": [1, 4, 16, 64], "rerank_k": [50, 200, 1000]}


def default_indexes() -> list[str]:
    """The registered indexes that this machine can run."""
    return [name for name in INDEXES if not unavailable_reason(name)]


def jobs(
    problem: SearchDataset,
    indexes: Sequence[str],
    bits: Sequence[int],
    k: int,
    quantizer: str = "",
) -> list[tuple]:
    """(index, build arguments, what is asked of it): every index, those of codes at every length.

    quantizer: of the codes, in place of the registered one. Inverted files get about sqrt(n) lists;
    settings that make no sense for this k or size are left out.
    """
    n, made = problem.gallery.n, []
    n_lists = max(1, min(2 ** round(math.log2(n) / 2), n // 8))
    for name in dict.fromkeys(indexes):
        entry = index_entry(name)
        queries = [q for q in query_arguments(name, SWEEPS) if q.get("n_probe", 1) <= n_lists
                   and k <= q.get("rerank_k", k) <= max(n, k)]  # fmt: skip
        asked = [(query, k, mode) for query in queries for mode in ("batch", "single")]
        build: dict = {"n_lists": n_lists} if "n_lists" in entry.build else {}
        if quantizer and "quantizer" in entry.build:
            build["quantizer"] = quantizer
        for width in bits if "bits" in entry.build else [None]:
            made.append((name, build | ({"bits": width} if width else {}), asked))
    return made


def bench(
    problem: SearchDataset,
    indexes: Sequence[str],
    bits: Sequence[int],
    k: int,
    limit: int,
    conditions: BenchmarkSettings,
    quantizer: str = "",
) -> tuple[pd.DataFrame, dict[str, str]]:
    """The rows of every index and setting, in the columns of `Study.measured`; what was left out.

    The second: index -> why it cannot be made of these vectors. quantizer: as in `jobs`. limit:
    bytes of memory. Raises InputError before anything is built where an index is unknown or not to
    be had, where k is no count of the gallery, or where the memory does not suffice.
    """
    for name in indexes:
        if reason := unavailable_reason(name):
            raise InputError(f"index '{name}' cannot be had here: {reason}")
    if not 1 <= k <= problem.gallery.n:
        raise InputError(f"k: found {k}; expected 1 to {problem.gallery.n}, the vectors there are")
    size = problem.gallery.n, len(problem.queries), len(problem.train), problem.gallery.dimension
    memory.check(*size, k, indexes, limit)
    ground_truth(problem, min(1000, problem.gallery.n), conditions.device, conditions.cache)
    if problem.truth is not None and problem.truth[1].shape[1] < k:
        raise InputError(f"k: found {k}; the ground truth has {problem.truth[1].shape[1]} each")
    rows: list[dict] = []
    left_out = {}
    for name, build, asked in track(jobs(problem, indexes, bits, k, quantizer), "indexes"):
        try:
            records = measure(problem, name, asked, conditions, **build)
        except InputError:
            raise
        except RuntimeError as error:  # faiss's own checks, such as of dimensions
            reason = " ".join(str(error).split())
            left_out[name] = reason.rpartition("Error: ")[2] or reason
            continue
        rows += measured_rows(problem, records, conditions)
    if not rows:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise InputError(f"no index can be made of these vectors ({reasons})")
    return with_shared_fits(rows), left_out
