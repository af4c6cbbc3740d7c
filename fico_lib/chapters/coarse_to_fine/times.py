"""What one pair takes: codes and floats measured here, attention as its chapter measured it."""

from collections.abc import Sequence

import faiss
import numpy as np
import pandas as pd
import torch

from fico_lib.chapters.coarse_to_fine.parameters import CoarseToFineChapter
from fico_lib.chapters.coarse_to_fine.results import ATTENTION, CODES, FLOATS, SOME_FLOATS
from fico_lib.costs.measured import Measurement, measure
from fico_lib.search.counting import CodeGallery
from fico_lib.search.threads import search_settings

CPU = torch.device("cpu")
QUERIES = 20  # asked one after the other: a single one is timed by chance
# The step of the attention chapter that is like ranking candidates comes first.
PAIR_STEPS = ("pair, one query", "pair")


def pair_rows(
    lengths: Sequence[int], dimension: int, steps: pd.DataFrame, parameters: CoarseToFineChapter
) -> pd.DataFrame:
    """Nanoseconds of a pair on one core, for queries that are asked one by one.

    lengths: of codes, in bits; dimension: of embeddings; steps: those of the attention chapter, of
    the true architecture at its true size. Columns: what, bits, dimension, nanoseconds,
    fastest_nanoseconds, slowest_nanoseconds, repeats, source.
    """
    k = max(parameters.candidates)
    rows = [_codes(bits, k, parameters) for bits in lengths]
    rows += _floats(dimension, k, parameters)
    rows.append(_attention(steps, parameters.attention))
    return pd.DataFrame(rows)


def _row(what: str, timed: Measurement, pairs: int, **about) -> dict:
    low, high = timed.spread
    return (
        {"what": what, "bits": 0, "dimension": 0}
        | about
        | {
            "nanoseconds": 1e9 * timed.per_item / pairs,
            "fastest_nanoseconds": 1e9 * low / pairs,
            "slowest_nanoseconds": 1e9 * high / pairs,
            "repeats": len(timed.seconds),
            "source": "measured in this chapter",
        }
    )


def _codes(bits: int, k: int, parameters: CoarseToFineChapter) -> dict:
    """Exact search by counting, of random codes."""
    rng, n = np.random.default_rng(bits), parameters.items
    gallery = CodeGallery(bits)
    gallery.add(rng.integers(0, 256, (n, -(-bits // 8)), dtype=np.uint8))
    queries = [rng.integers(0, 256, (1, -(-bits // 8)), dtype=np.uint8) for _ in range(QUERIES)]
    timed = measure(
        lambda: [gallery.search(query, k) for query in queries],
        QUERIES, CPU, seconds=parameters.seconds,
    )  # fmt: skip
    return _row(CODES, timed, n, bits=bits)


def _floats(dimension: int, k: int, parameters: CoarseToFineChapter) -> list[dict]:
    """Exact search of random floats by faiss, and the products with k of them here and there."""
    rng, n = np.random.default_rng(dimension), parameters.items
    index = faiss.IndexFlatIP(dimension)
    index.add(rng.standard_normal((n, dimension), dtype=np.float32))
    queries = [rng.standard_normal((1, dimension), dtype=np.float32) for _ in range(QUERIES)]
    ids = [rng.integers(0, n, (1, k)) for _ in range(QUERIES)]
    values = np.empty((1, k), np.float32)

    def some() -> None:
        for query, places in zip(queries, ids, strict=True):
            index.compute_distance_subset(
                1, faiss.swig_ptr(query), k, faiss.swig_ptr(values), faiss.swig_ptr(places)
            )
            np.argsort(-values)

    with search_settings(1, dimension):
        whole = measure(
            lambda: [index.search(query, k) for query in queries],
            QUERIES, CPU, seconds=parameters.seconds,
        )  # fmt: skip
        few = measure(some, QUERIES, CPU, seconds=parameters.seconds)
    about = {"dimension": dimension}
    return [_row(FLOATS, whole, n, **about), _row(SOME_FLOATS, few, k, **about)]


def _attention(steps: pd.DataFrame, model: str) -> dict:
    """The pair of a model at its true size; not measured where the attention chapter did not."""
    known = steps[(steps["model"] == model)].dropna(subset="seconds_per_item")
    row = {"what": ATTENTION, "bits": 0, "dimension": 0, "nanoseconds": np.nan}
    for step in PAIR_STEPS:
        if len(part := known[known["step"] == step]):
            last = part.iloc[-1]
            return row | {
                "nanoseconds": 1e9 * last["seconds_per_item"],
                "fastest_nanoseconds": 1e9 * last["fastest_seconds"],
                "slowest_nanoseconds": 1e9 * last["slowest_seconds"],
                "repeats": int(last["repeats"]),
                "source": f"chapter on attention, {model}, {step}",
            }
    return row | {"source": f"not measured: the chapter on attention has no pair of {model}"}
