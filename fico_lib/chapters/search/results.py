"""Rows of the search chapter: the paper's four indexes, today's, sweeps, ties and other data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import faiss
import numpy as np
import pandas as pd
import torch

from fico_lib.chapters.search.parameters import SearchChapter
from fico_lib.encodings import Embeddings
from fico_lib.runtime.machine import cores, machine_name
from fico_lib.runtime.memory import parse_bytes
from fico_lib.runtime.progress import track
from fico_lib.search import (
    INDEXES,
    PAPER_INDEXES,
    index_entry,
    query_arguments,
    unavailable_reason,
)
from fico_lib.search.dataset import SearchDataset, of_embeddings, of_gaussian, of_synthetic
from fico_lib.search.exact import ground_truth
from fico_lib.search.measure import BenchmarkSettings, Record, measure, shared_fit
from fico_lib.search.memory import fits_memory
from fico_lib.search.metrics import (
    intersection_at_k,
    recall_1_at_k,
    recall_of_ties,
    recalls_by_value,
    tied,
)
from fico_lib.search.threads import search_settings

# The paper's settings, and for the largest k, where these find fewer than k, sufficient ones.
PAPER_QUERY = {"hnsw": {"ef_search": 16}, "code_ivf": {"n_probe": 8}}
ENOUGH = {"hnsw": {"ef_search": 1000}, "code_ivf": {"n_probe": 32}}
PAPER_BITS = 64
MAP_K = 100  # of the map of lists and probes
SHUFFLES = 3
# On other data: name -> (index, query arguments, build arguments).
ELSEWHERE = {
    "HNSW, ef_search 16": ("hnsw", {"ef_search": 16}, {}),
    "IVF, 4 of 32 lists": ("ivf_flat", {"n_probe": 4}, {"n_lists": 32}),
    "64-bit ITQ codes": ("code_flat", {}, {}),
    "64-bit hyperplane codes": ("code_flat", {}, {"quantizer": "hyperplanes"}),
    "256-bit ITQ codes, best 100 exact": ("screen", {"rerank_k": 100}, {}),
}


@dataclass(frozen=True)
class Study:
    """Everything that the chapter measured, as tidy tables.

    paper: the paper's four, a row per size, index, setting and k; measured: every index, setting,
    k and mode on `gallery`; growth: binarisers as the gallery grows; ties; lists: the map of
    settings of the CG IVF; elsewhere: recall on other data; about_data: one row per data;
    missing: indexes that could not be had, and why.
    """

    paper: pd.DataFrame
    measured: pd.DataFrame
    growth: pd.DataFrame
    ties: pd.DataFrame
    lists: pd.DataFrame
    elsewhere: pd.DataFrame
    about_data: pd.DataFrame = field(metadata={"file": None})
    missing: pd.DataFrame = field(metadata={"file": None})
    k: int


def study(embeddings: Embeddings, cache: Path, parameters: SearchChapter) -> Study:
    """Measure all of it; sizes that do not fit the memory are refused before anything is measured.

    cache: folder of the records and of the ground truth.
    """
    p = parameters
    here = [name for name in p.indexes if not unavailable_reason(name)]
    threads = p.threads or cores()
    torch.set_num_threads(threads)  # the run's own process: nothing to put back
    depth, memory = max(p.recall_at), parse_bytes(p.memory)
    held = fits_memory(p.sizes, p.gallery, p.n_train, depth, here, memory)
    conditions = BenchmarkSettings(threads, p.repeats, p.singles, machine_name(), cache, p.device)
    problem = _synthetic(p.gallery, p.n_train, held[-1])
    measured = []
    for name, build, asked in track(_jobs(here, p), "indexes"):
        records = measure(problem, name, asked, conditions, **build)
        measured += measured_rows(problem, records, conditions)
    paper = []  # after the others: those of the same gallery are measured already
    for size, hold in track(list(zip(p.sizes, held, strict=False)), "the paper's indexes"):
        same = size == p.gallery
        searched = problem if same else _synthetic(size, p.n_train, hold)
        paper += _paper_rows(searched, conditions, p)
    elsewhere, about = _elsewhere(problem, embeddings, conditions, p)
    return Study(
        paper=with_shared_fits(paper),
        measured=with_shared_fits(measured),
        growth=pd.DataFrame(_growth_rows(problem, conditions, p)),
        ties=pd.DataFrame(_tie_rows(problem, conditions, p)),
        lists=with_shared_fits(_list_rows(problem, conditions, p)),
        elsewhere=pd.DataFrame(elsewhere),
        about_data=pd.DataFrame(about),
        missing=pd.DataFrame(
            [{"index": i, "title": INDEXES[i].title, "why": unavailable_reason(i)}
             for i in p.indexes if unavailable_reason(i)],
            columns=["index", "title", "why"],
        ),
        k=p.k,
    )  # fmt: skip


def _synthetic(size: Sequence[int], n_train: int, hold: bool) -> SearchDataset:
    queries, n, dimension = size
    problem = of_synthetic(queries, n, dimension, n_train)
    return problem.in_memory() if hold else problem


def _jobs(indexes: Sequence[str], parameters: SearchChapter) -> list[tuple]:
    """(index, build arguments, what is asked) of everything on the one gallery."""
    p, k, modes, jobs = parameters, parameters.k, ("batch", "single"), []
    sweeps = {"ef_search": p.ef_search, "n_probe": p.n_probe, "rerank_k": p.rerank_k}
    for name in indexes:
        entry = index_entry(name)
        build = {"n_lists": p.n_lists} if "n_lists" in entry.build and not entry.codes else {}
        asked = [(q, k, m) for q in query_arguments(name, sweeps) for m in modes]
        if name in PAPER_INDEXES:  # the sweep of k, at the paper's settings
            cuts = dict.fromkeys([1, k, *p.recall_at])
            asked += [(PAPER_QUERY.get(name, {}), cut, m) for cut in cuts for m in modes]
            asked += [(query, max(p.recall_at), "batch") for query in [ENOUGH.get(name)] if query]
            asked = [a for i, a in enumerate(asked) if a not in asked[:i]]
        jobs.append((name, build, asked))
    for name in ("code_flat", "screen"):
        if name in indexes:
            for width in p.bits:
                build = {"quantizer": "hyperplanes", "bits": width}
                asked = [(q, k, m) for q in query_arguments(name, sweeps)[:2] for m in modes]
                jobs.append((name, build, asked))
    return jobs


def measured_rows(problem: SearchDataset, records: Sequence[Record], conditions: BenchmarkSettings):
    """One tidy row per record, with its recall: the columns of `Study.measured`."""
    for record in records:
        row = {
            "data": problem.name,
            "vectors": problem.gallery.n,
            "dimension": problem.gallery.dimension,
            "index": record.index,
            "binariser": record.build.get("quantizer", ""),
            "bits": record.build.get("bits", 0),
            "lists": record.build.get("n_lists", 0),
            "setting": record.setting,
            "value": next(iter(reversed(record.query.values())), 0),
            "k": record.k,
            "mode": record.mode,
            "threads": record.threads,
            "refused": record.refused,
            **{f"{step}_seconds": seconds for step, seconds in record.seconds.items()},
            "bytes_per_vector": record.bytes_per_vector,
        }
        if not record.refused:
            row |= {
                "queries": len(record.ids),
                "repeats": len(record.times) if record.mode == "batch" else 1,
                "milliseconds_per_query": record.milliseconds(),
                "p95_milliseconds": record.milliseconds(95),
            }
            k = min(record.k, problem.gallery.n)
            row |= _recall_by_value(record, problem, conditions, k)
        yield row


def with_shared_fits(rows: Iterable[dict]) -> pd.DataFrame:
    """The rows as a table, with the column quantizer_shared_by.

    It says how many indexes of the table use the one fit of their quantizer, whose seconds are
    `quantizer_seconds` in the rows of all of them; 0 where there is no quantizer.
    """
    frame = pd.DataFrame(rows)
    names = [n for n in ("index", "lists") if n in frame]
    keys = [n for n in ("data", "vectors", "dimension", "binariser", "bits") if n in frame]
    indexes = frame[names].astype(str).agg(" ".join, axis=1)
    shared = indexes.groupby([frame[key] for key in keys]).transform("nunique")
    return frame.assign(quantizer_shared_by=shared.where(frame["bits"] > 0, 0))


def _truth(problem: SearchDataset, conditions: BenchmarkSettings, depth: int = 1000) -> np.ndarray:
    """The nearest vectors of each query: ids (n_queries, at most `depth`)."""
    depth = min(depth, problem.gallery.n)
    return ground_truth(problem, depth, conditions.device, conditions.cache)[1]


def _recall(record: Record, truth: np.ndarray, k: int) -> dict:
    """Both recalls of the first k results; NaN where the record has none."""
    if record.refused:
        return {"one_recall_percent": np.nan, "k_recall_percent": np.nan}
    truth = truth[: len(record.ids)]  # fewer queries are asked alone
    return {
        "one_recall_percent": 100 * recall_1_at_k(record.ids, truth[:, 0], k).mean(),
        "k_recall_percent": 100
        * intersection_at_k(record.ids, truth, min(k, truth.shape[1])).mean(),
    }


def _recall_by_value(
    record: Record, problem: SearchDataset, conditions: BenchmarkSettings, k: int
) -> dict:
    """The same where several vectors may be equally near, as in data with repeated vectors."""
    depth = min(1000, problem.gallery.n)
    truth = ground_truth(problem, depth, conditions.device, conditions.cache)
    part = (truth[0][: len(record.ids)], truth[1][: len(record.ids)])
    one, several = recalls_by_value(record.ids, part, min(k, part[0].shape[1]), problem.product)
    return {"one_recall_percent": 100 * one.mean(), "k_recall_percent": 100 * several.mean()}


def _paper_rows(problem: SearchDataset, conditions: BenchmarkSettings, parameters: SearchChapter):
    """The columns of Table 7: each k is a search of its own, the time is that of the largest.

    A k for which an index found fewer than k is NaN, and the index has a second row with a setting
    that is enough.
    """
    cuts = [k for k in parameters.recall_at if k <= problem.gallery.n]
    truth = _truth(problem, conditions)
    for name in PAPER_INDEXES:
        query = PAPER_QUERY.get(name, {})
        asked = [(query, k, "batch") for k in cuts]
        asked += [(ENOUGH[name], max(cuts), "batch")] if name in ENOUGH else []
        records = measure(problem, name, asked, conditions)
        usual, enough = records[: len(cuts)], records[len(cuts) :]
        whole = [record for record in usual if not record.refused]
        for k, record in zip(cuts, usual, strict=True):
            yield _paper_row(problem, record, k, truth, whole[-1] if whole else record)
        for record in enough if len(whole) < len(usual) else []:
            for k in cuts:
                yield _paper_row(problem, record, k, truth, record)


def _paper_row(problem: SearchDataset, record: Record, k: int, truth, timed: Record) -> dict:
    none = np.full(3, np.nan)
    middle, fastest, slowest = none if timed.refused else np.percentile(timed.times, [50, 0, 100])
    return {
        "index": record.index,
        "setting": record.setting,
        "queries": len(problem.queries),
        "vectors": problem.gallery.n,
        "dimension": problem.gallery.dimension,
        "bits": record.build.get("bits", 0),
        "k": k,
        "refused": record.refused,
        **_recall(record, truth, k),
        "index_seconds": record.seconds["fit"] + record.seconds["add"],
        "code_seconds": record.seconds["code"],
        "quantizer_seconds": record.seconds["quantizer"],
        "search_k": timed.k,
        "search_seconds": middle,
        "fastest_seconds": fastest,
        "slowest_seconds": slowest,
        "repeats": len(timed.times),
        "threads": record.threads,
        "bytes_per_vector": record.bytes_per_vector,
    }


def _growth_rows(problem: SearchDataset, conditions: BenchmarkSettings, parameters: SearchChapter):
    """1-recall of each binariser on an eighth, a quarter, a half and all of the gallery."""
    fitted = {
        name: shared_fit(problem, name, PAPER_BITS, conditions).projection
        for name in parameters.binarisers
        if problem.gallery.dimension >= PAPER_BITS or name in ("itq", "hyperplanes")
    }
    codes = {
        name: np.concatenate([p.encode(block) for _, block in problem.gallery.blocks()])
        for name, p in fitted.items()
    }
    for part in (8, 4, 2, 1):
        smaller = problem.head(problem.gallery.n // part)
        truth = _truth(smaller, conditions)
        for name, projection in fitted.items():
            asked, given = projection.encode(problem.queries), codes[name][: smaller.gallery.n]
            less, equal = tied(asked, given, PAPER_BITS, truth[:, 0], parameters.device)
            for k in (k for k in parameters.recall_at if k <= smaller.gallery.n):
                found = recall_of_ties(less, equal, k)
                about = {"binariser": name, "bits": PAPER_BITS}
                about |= {"vectors": smaller.gallery.n, "k": k}
                yield about | {f"{kind}_percent": 100 * v.mean() for kind, v in found.items()}


def _tie_rows(problem: SearchDataset, conditions: BenchmarkSettings, parameters: SearchChapter):
    """What ties are worth to 64-bit ITQ codes: the bounds, faiss's order, and shuffled orders."""
    truth = _truth(problem, conditions)
    projection = shared_fit(problem, "itq", PAPER_BITS, conditions).projection
    asked = projection.encode(problem.queries)
    codes = np.concatenate([projection.encode(block) for _, block in problem.gallery.blocks()])
    less, equal = tied(asked, codes, PAPER_BITS, truth[:, 0], parameters.device)
    cuts = [k for k in parameters.recall_at if k <= len(codes)]
    orders = [np.arange(len(codes))]
    orders += [np.random.default_rng(seed).permutation(len(codes)) for seed in range(SHUFFLES)]
    found = []
    with search_settings(conditions.threads, problem.gallery.dimension):
        for order in orders:
            index = faiss.IndexBinaryFlat(PAPER_BITS)
            index.add(codes[order])
            distances, ids = index.search(asked, max(cuts))
            found.append((distances, order[ids]))
    for k in cuts:
        bounds = {kind: 100 * v.mean() for kind, v in recall_of_ties(less, equal, k).items()}
        shuffled = [100 * recall_1_at_k(ids, truth[:, 0], k).mean() for _, ids in found]
        yield {"k": k, **{f"{kind}_percent": value for kind, value in bounds.items()},
               "stored_percent": shuffled[0], "lowest_shuffled_percent": min(shuffled[1:]),
               "highest_shuffled_percent": max(shuffled[1:]),
               "median_tied": float(np.median(equal))}  # fmt: skip


def _list_rows(problem: SearchDataset, conditions: BenchmarkSettings, parameters: SearchChapter):
    """Recall and time of the CG IVF for every number of lists and probes."""
    for n_lists in track(parameters.map_lists, "lists and probes"):
        asked = [({"n_probe": p}, min(MAP_K, problem.gallery.n), "batch")
                 for p in parameters.map_probes if p <= n_lists]  # fmt: skip
        records = measure(problem, "code_ivf", asked, conditions, n_lists=n_lists)
        yield from measured_rows(problem, records, conditions)


def _elsewhere(
    problem: SearchDataset, embeddings: Embeddings, conditions, parameters: SearchChapter
):
    """Recall on a model's embeddings, asked by both modalities, and on vectors of the same size."""
    data = of_embeddings(embeddings)
    real = next(iter(data.values()))
    size = len(real.queries), real.gallery.n, real.gallery.dimension, parameters.n_train
    data |= {
        "synthetic": of_synthetic(*size).in_memory(),
        "Gaussian": of_gaussian(*size).in_memory(),
    }
    rows, about, cut = [], [], min(parameters.k, size[1])
    for name, other in data.items():
        values, truth = ground_truth(other, min(100, size[1]), conditions.device, conditions.cache)
        hard = np.argsort(values[:, 0], kind="stable")[: max(1, len(values) // 10)]
        about.append(
            {
                "data": name,
                "queries": size[0],
                "vectors": size[1],
                "dimension": size[2],
                "components_of_90_percent": _components(other),
                "nearest_cosine": _cosines(other, truth[:, 0]).mean(),
            }
        )
        for what, (index, query, build) in ELSEWHERE.items():
            (record,) = measure(other, index, [(query, cut, "batch")], conditions, **build)
            row = {"data": name, "what": what, "k": cut, "refused": record.refused}
            row |= _recall(record, truth, cut)
            tenth = np.nan
            if not record.refused:
                tenth = 100 * recall_1_at_k(record.ids[hard], truth[hard, 0], cut).mean()
            rows.append(row | {"hardest_tenth_percent": tenth})
    return rows, about


def _cosines(problem: SearchDataset, nearest: np.ndarray) -> np.ndarray:
    """The cosine of each query and its nearest vector: how far the queries are from the gallery."""
    found = np.stack([problem.gallery.block(row, row + 1)[0] for row in nearest])
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(problem.queries, axis=1)
    return (found * problem.queries).sum(1) / lengths.clip(1e-12)


def _components(problem: SearchDataset) -> int:
    """How many principal components hold 90 % of the variance: what dimension there really is."""
    rows = problem.gallery.block(0, min(problem.gallery.n, 5000))
    spectrum = np.linalg.eigvalsh(np.cov(rows.T.astype(np.float64)))[::-1].clip(0)
    return int(np.searchsorted(np.cumsum(spectrum) / spectrum.sum(), 0.9) + 1)
