"""Every cell of the paper's Tables 5 and 6 checked by arithmetic, each with a verdict.

The paper's machine is an A100 with 80 GiB; its runs did not finish beyond those (Section 5.3).
"""

import re
from collections.abc import Mapping

import pandas as pd

from fico_lib.costs.analytic import (
    GIB,
    Analytic,
    embedding_bytes,
    encoding_flops,
    feature_bytes,
    scored_pairs,
)
from fico_lib.runtime.errors import InputError

AGREES, FLOAT64, BYTE_PER_BIT, UNEXPLAINED = (
    "agrees",
    "float64 artefact",
    "one byte per bit",
    "unexplained",
)
VERDICTS = (AGREES, FLOAT64, BYTE_PER_BIT, UNEXPLAINED)
PAPER_LIMIT_GIB = 80.0
PAPER_K = 128  # candidates that the paper reranks on Flickr30K, whatever the gallery
FLOAT32_PEAK, HALF_PEAK = 19.5e12, 312e12  # of an A100: float32, and float16 on its tensor cores
BEIT3_GIB_AT_1K = 8.12  # intermediate embeddings per 1K/5K, from the paper's text
CLOSE = 0.001  # relative; a printed number may also be off by half its last digit
GROWTH = 1.25  # times growth may exceed the growth of the work by this factor
FIXED = 0.5  # so much of the time of the smaller gallery may be the same at every size


def check(cells: pd.DataFrame, known: Mapping[str, Analytic]) -> pd.DataFrame:
    """Columns cell, model, quantity, images, printed, computed, verdict, why; a row per cell.

    cells: the published table 5 or 6 as `fico_lib.report.published.table` gives it. computed: what
    the arithmetic gives, in the cell's unit (NaN where it says nothing).
    """
    by_place = {(row.model, row.quantity, row.images): row.value for row in cells.itertuples()}
    checks = {
        "embedding_size": _embeddings,
        "feature_size": _features,
        "encoding_time": _encoding,
        "attention_time": _attention,
    }
    rows = []
    for row in cells.itertuples():
        computed, verdict, why = checks[row.quantity](row, known[row.model], by_place)
        kept = ("cell", "model", "name", "quantity", "size", "images", "printed")
        rows.append(
            {column: getattr(row, column) for column in kept}
            | {"computed": computed, "verdict": verdict, "why": why}
        )
    return pd.DataFrame(rows)


def close(printed: str, value: float, computed: float) -> bool:
    """Whether a printed number can be `computed`: within a thousandth, or half the last digit."""
    digits = re.search(r"\d+(?:\.(\d+))?", printed)
    decimals = len(digits[1] or "") if digits else 0
    return abs(value - computed) <= max(CLOSE * value, 0.5 * 10**-decimals)


def _first_close(row, readings: dict[tuple[str, str], float], expected: float):
    """The first reading that gives the printed number; `expected` where none does."""
    for (verdict, why), computed in readings.items():
        if close(row.printed, row.value, computed):
            return computed, verdict, why
    computed = expected
    share = 100 * (row.value / computed - 1)
    return computed, UNEXPLAINED, f"{share:+.1f} % off {computed:,.2f} GiB, as Table 1 has it"


def _embeddings(row, model: Analytic, places):
    if model.dimension is None:
        agree = pd.isna(row.value)
        return float("nan"), AGREES if agree else UNEXPLAINED, "there are no embeddings"

    def gib(layout: str) -> float:
        return embedding_bytes(model, row.images, row.texts, layout, 1) / GIB

    if model.bits:
        readings = {
            (AGREES, "packed bits"): gib("packed bits"),
            (BYTE_PER_BIT, f"packed: {gib('packed bits'):.3f} GiB"): gib("byte per bit"),
        }
    else:
        half = f"as float32: {gib('float32'):.2f} GiB"
        readings = {
            (AGREES, "float32, one vector per item"): gib("float32"),
            (FLOAT64, half): gib("float64"),
        }
    expected = gib("byte per bit") if model.bits else gib(_dtype(model))
    return _first_close(row, readings, expected)


def _dtype(model: Analytic) -> str:
    """The dtype that Table 1 gives the model's floats: float64 for those without pre-training."""
    return "float64" if model.group == "FG" else "float32"


def _features(row, model: Analytic, places):
    if model.image_kept is None or pd.isna(row.value):
        agree = model.image_kept is None and pd.isna(row.value)
        return float("nan"), AGREES if agree else UNEXPLAINED, "attention needs no features"

    def gib(dtype: str, mask: bool) -> float:
        return feature_bytes(model, row.images, row.texts, dtype, mask) / GIB

    readings = {
        (AGREES, "float32"): gib("float32", False),
        (AGREES, "float32, with a mask (int64)"): gib("float32", True),
        (FLOAT64, f"as float32: {gib('float32', False):.0f} GiB"): gib("float64", False),
    }
    computed, verdict, why = _first_close(row, readings, gib(_dtype(model), False))
    if verdict == UNEXPLAINED and (words := _words_that_fit(row, model)):
        why = words
    return computed, verdict, why


def _words_that_fit(row, model: Analytic) -> str:
    """The length of texts that gives the printed number in float64, if it is near Table 1's."""
    if model.text_kept is None:  # nothing of a text is kept: no length would explain it
        return ""
    count, width = model.text_kept
    images = feature_bytes(model, row.images, 0, "float64")
    length = (row.value * GIB - images) / (row.texts * width * 8)
    if not count <= round(length) <= 1.2 * count or abs(length - round(length)) > 0.02:
        return ""
    return f"float64 with {round(length)} words would fit; Table 1 says {count}"


def _finishes(row, model: Analytic) -> tuple[float, str]:
    """GiB that a run would hold as the paper stores it, and their contents."""
    if row.model == "beit3":
        gib = BEIT3_GIB_AT_1K * row.images / 1000
        return gib, f"{BEIT3_GIB_AT_1K} GiB per 1K/5K, says the text"
    dtype = _dtype(model)
    held = feature_bytes(model, row.images, row.texts, dtype)
    if not model.bits:
        held += embedding_bytes(model, row.images, row.texts, dtype, 1)
    return held / GIB, f"features and embeddings as {dtype}"


def _encoding(row, model: Analytic, places):
    nothing = float("nan")
    if model.dimension is None:
        agree = pd.isna(row.value)
        return nothing, AGREES if agree else UNEXPLAINED, "nothing is encoded"
    gib, contents = _finishes(row, model)
    if pd.isna(row.value):
        agree = gib > PAPER_LIMIT_GIB
        return nothing, AGREES if agree else UNEXPLAINED, f"needs {gib:,.0f} GiB: {contents}"
    flops = encoding_flops(model, row.images, row.texts)
    ideal, rate = flops / FLOAT32_PEAK, flops / row.value
    before = places.get((row.model, row.quantity, row.images // 10))
    after = places.get((row.model, row.quantity, row.images * 10))
    if before and row.value / before > 10 * GROWTH:
        why = f"{row.value / before:.1f} times as long as for a tenth of the data"
        return ideal, UNEXPLAINED, why
    if after and after < row.value:
        return ideal, UNEXPLAINED, "longer than for ten times the data"
    if gib > PAPER_LIMIT_GIB:
        return ideal, UNEXPLAINED, f"finished, though it needs {gib:,.0f} GiB: {contents}"
    if rate > FLOAT32_PEAK:
        return ideal, UNEXPLAINED, f"{rate / 1e12:.0f} TFLOP/s, above the A100's float32"
    return ideal, AGREES, f"{rate / 1e12:.2f} TFLOP/s"


def _attention(row, model: Analytic, places):
    pairs = scored_pairs(model.attention, row.images, row.texts, PAPER_K)
    per_pair = model.flops.pair
    if per_pair is None:
        raise InputError(f"{row.model}: a time of attention is printed, and it scores no pairs")
    ideal = pairs * per_pair / FLOAT32_PEAK
    if pd.isna(row.value):
        gib = feature_bytes(model, row.images, row.texts) / GIB
        agree = gib > PAPER_LIMIT_GIB
        return ideal, AGREES if agree else UNEXPLAINED, f"features need {gib:,.0f} GiB"
    before = places.get((row.model, row.quantity, row.images // 10))
    rate = pairs * per_pair / row.value
    spent = f"{1e6 * row.value / pairs:,.1f} µs per pair, {rate / 1e12:.2g} TFLOP/s"
    if not before:
        if rate > HALF_PEAK:
            return ideal, UNEXPLAINED, f"{spent}: above the A100's float16"
        if rate > FLOAT32_PEAK:
            spent += ": not in plain float32 (TF32 or float16 could)"
        return ideal, AGREES, spent
    grown = row.value / before
    expected = pairs / scored_pairs(model.attention, row.images // 10, row.texts // 10, PAPER_K)
    if grown > GROWTH * expected:
        return ideal, UNEXPLAINED, f"{grown:,.0f} times the time for {expected:.0f} times the pairs"
    if grown > 0.9 * expected:
        return ideal, AGREES, f"{grown:.1f} times the time for {expected:.0f} times the pairs"
    fixed = (expected * before - row.value) / (expected - 1)
    why = f"{grown:.0f} times the time for {expected:.0f} times the pairs"
    if fixed < FIXED * before:
        return ideal, AGREES, f"{why}; {fixed:.0f} s at every size would explain it"
    return ideal, UNEXPLAINED, why
