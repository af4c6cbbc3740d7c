"""Rows of the chapter on encoding and storage: facts, measured steps, galleries, bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from fico_lib.chapters.encoding_storage.parameters import EncodingStorageChapter
from fico_lib.costs.analytic import (
    GIB,
    Analytic,
    embedding_bytes,
    encoding_flops,
    feature_bytes,
    layouts,
    needed_bytes,
)
from fico_lib.report.costs import rows as costs

STEPS = ("image", "text")


@dataclass(frozen=True)
class EncodingCosts:
    """What encoding costs.

    known: the facts of every model; facts: the same as rows; rates: of matrix products; steps: one
    row per measured step and size of batch; galleries: seconds per model and size; storage: GiB per
    model, size and layout. Columns as the functions below and `fico_lib.report.costs.rows` name
    them.
    """

    known: Mapping[str, Analytic]
    facts: pd.DataFrame
    rates: pd.DataFrame
    steps: pd.DataFrame
    galleries: pd.DataFrame
    storage: pd.DataFrame


def measure(parameters: EncodingStorageChapter) -> EncodingCosts:
    """Measure the models named in `parameters.measured`; compute the others."""
    known, sizes = costs.all_facts(), parameters.gallery_sizes
    rates = costs.rates(list(known), parameters)
    measured = costs.measured_steps(parameters.measured, STEPS, known, rates, parameters)
    encoding = [name for name, facts in known.items() if facts.dimension is not None]
    costs.require_some(measured, "image", encoding)
    return EncodingCosts(
        known=known,
        facts=fact_rows(known),
        rates=rates,
        steps=costs.step_rows(measured, known, rates),
        galleries=_gallery_rows(known, measured, rates, parameters),
        storage=storage_rows(known, sizes),
    )


def fact_rows(known: Mapping[str, Analytic]) -> pd.DataFrame:
    """One row per model: weights, gigaflops per image, text and pair, bytes of one item."""
    return pd.DataFrame(
        [
            {
                "model": name,
                "title": one.title,
                "group": one.group,
                "parameters": one.parameters,
                "gflops_image": _giga(one.flops.image),
                "gflops_text": _giga(one.flops.text),
                "gflops_pair": _giga(one.flops.pair),
                "tokens_of_text": one.n_tokens,
                "bytes_image_features_float32": feature_bytes(one, 1, 0),
                "bytes_text_features_float32": feature_bytes(one, 0, 1),
                "note": one.note,
            }
            for name, one in known.items()
        ]
    )


def _giga(flops: int | None) -> float:
    return float("nan") if flops is None else flops / 1e9


def _gallery_rows(known, measured, rates, parameters: EncodingStorageChapter) -> pd.DataFrame:
    rows = []
    for name, one in known.items():
        if one.dimension is None:
            continue  # nothing is encoded but patches and words: the model's cost is in its pairs
        dtype = parameters.dtype_for(name)
        for images, texts in parameters.gallery_sizes:
            steps = {step: measured[name, step] for step in STEPS if (name, step) in measured}
            counts = {"image": images, "text": texts}
            held = needed_bytes(one, images, texts, dtype) / GIB
            rows.append(
                {
                    "model": name,
                    "images": images,
                    "texts": texts,
                    **costs.estimate_columns(counts, steps),
                    "ideal_seconds": encoding_flops(one, images, texts)
                    / costs.rate_of(rates, dtype),
                    "dtype": dtype,
                    "needed_gib": held,
                    "finishes": held <= parameters.limit_gib,
                }
            )
    return pd.DataFrame(rows)


def storage_rows(known: Mapping[str, Analytic], sizes: Sequence[tuple[int, int]]) -> pd.DataFrame:
    """GiB of embeddings in each layout (all vectors, and one per image), and of features."""
    rows = []
    for name, one in known.items():
        for images, texts in sizes:
            where = {"model": name, "images": images, "texts": texts}
            for layout in layouts(one):
                for what, vectors in (("embeddings", None), ("one vector per image", 1)):
                    gib = embedding_bytes(one, images, texts, layout, vectors) / GIB
                    rows.append(where | {"what": what, "layout": layout, "gib": gib})
            if one.image_kept:
                for dtype in ("float64", "float32", "float16"):
                    gib = feature_bytes(one, images, texts, dtype) / GIB
                    rows.append(where | {"what": "features", "layout": dtype, "gib": gib})
    return pd.DataFrame(rows)
