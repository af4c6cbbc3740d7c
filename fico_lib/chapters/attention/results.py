"""Rows of the chapter on attention: cost per pair, galleries, growth, what is kept, budgets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from statistics import median

import pandas as pd
import torch

from fico_lib.chapters.attention.parameters import AttentionChapter
from fico_lib.costs import measured as clock
from fico_lib.costs.analytic import GIB, Analytic, feature_bytes, scored_pairs
from fico_lib.costs.architectures import paper_model
from fico_lib.costs.architectures.model import build
from fico_lib.costs.batches import Timing, in_batches, too_long
from fico_lib.costs.extrapolated import fit
from fico_lib.costs.measured import REPEATS
from fico_lib.costs.scaling import all_pairs, best_k
from fico_lib.costs.steps import StepCost, kept_images, kept_texts
from fico_lib.report.costs import rows as costs
from fico_lib.runtime.devices import resolve, threads

STEPS = ("pair", "text", "image")
DIRECT_BLOCK = 8  # images, and four times as many texts: each pair takes a vector per word
FEWEST = 3  # sizes of a gallery through which a power law is drawn
GROWN = "scan"  # the model whose growth is measured: its pairs are cheap enough to run them all


@dataclass(frozen=True)
class AttentionCosts:
    """What attention at query time costs.

    known: the facts of the models that have some; rates, steps: as in `fico_lib.report.costs.rows`,
    steps with more rows of SCAN for "pair, one query", a text with several images, and "pair,
    direct form", its formula as it is written; galleries: seconds per model, size and k; growth:
    the small galleries that were run in full, and fits: their exponents; kept: what one query costs
    when tokens are kept or made again.
    """

    known: Mapping[str, Analytic]
    rates: pd.DataFrame
    steps: pd.DataFrame
    galleries: pd.DataFrame
    growth: pd.DataFrame
    fits: pd.DataFrame
    kept: pd.DataFrame

    def seconds_per_pair(self, step: str = "pair") -> dict[str, float]:
        """Model -> seconds of a pair in its largest batch, of those that were measured.

        step: "pair, one query" for the pairs of one query at a time.
        """
        rows = self.steps[self.steps["step"] == step].dropna(subset="seconds_per_item")
        return rows.groupby("model", sort=False)["seconds_per_item"].last().to_dict()

    def budgeted(self) -> dict[str, dict[str, float]]:
        """Model -> seconds of a pair by kind of budget."""
        one = self.seconds_per_pair("pair, one query")
        return {
            model: {"latency": one.get(model, seconds), "throughput": seconds}
            for model, seconds in self.seconds_per_pair().items()
        }


def measure(parameters: AttentionChapter) -> AttentionCosts:
    """Measure the models named in `parameters.measured`."""
    p = parameters
    known = {name: one for name, one in costs.all_facts().items() if one.attention != "none"}
    rates = costs.rates(list(known), p)
    chosen = [name for name in p.measured if name in known]
    measured = costs.measured_steps(chosen, STEPS, known, rates, p)
    costs.require_some(measured, "pair", list(known))
    steps = costs.step_rows(measured, known, rates)
    direct = {(GROWN, "pair"): _direct(known[GROWN], p)}
    direct_rows = costs.step_rows(direct, known, rates).assign(step="pair, direct form")
    query = {(GROWN, "pair"): _one_query(known[GROWN], p)} if GROWN in chosen else {}
    query_rows = costs.step_rows(query, known, rates).assign(step="pair, one query")
    growth = _growth_rows(known[GROWN], p)
    return AttentionCosts(
        known=known,
        rates=rates,
        steps=pd.concat([steps, query_rows, direct_rows], ignore_index=True),
        galleries=_gallery_rows(known, measured, rates, p),
        growth=growth,
        fits=_fit_rows(growth),
        kept=_kept_rows(known, measured | query, p),
    )


def _one_query(one: Analytic, parameters: AttentionChapter) -> StepCost:
    """SCAN's pairs of one text with k images; in `measured_steps` it meets whole blocks.

    The models with weights meet one text with several images there too.
    """
    model, k, where = build(paper_model(GROWN)), min(parameters.rerank_k), _where(parameters)
    v, w = kept_images(one, k, *where), kept_texts(one, 1, *where)
    found = _scored(lambda: model.score(v, w), k, parameters)
    return StepCost("pair", found)


def _direct(one: Analytic, parameters: AttentionChapter) -> StepCost:
    """SCAN's pairs as the paper writes them, with a vector for every word of every pair."""
    model, where = build(paper_model(GROWN)), _where(parameters)
    budget = replace(costs.budget_of(parameters), batch=min(DIRECT_BLOCK, parameters.batch))

    def pairs(size: int):
        texts = 4 * size if size > 1 else 1
        v, w = kept_images(one, size, *where), kept_texts(one, texts, *where)
        return (lambda: model.score_directly(v, w)), size * texts

    with threads(parameters.threads):
        return StepCost("pair", in_batches(pairs, *where, budget))


def _scored(run: Callable[[], object], pairs: int, parameters: AttentionChapter) -> Timing:
    """The timing of a call that scores so many pairs."""
    limits = {"seconds": parameters.seconds, "longest": parameters.longest}
    try:
        with threads(parameters.threads):
            return Timing((clock.measure(run, pairs, *_where(parameters), **limits),))
    except clock.TooLongError as error:
        return Timing(why=too_long(f"{pairs:,} pairs", error.seconds, parameters.longest))


def _where(parameters: AttentionChapter) -> tuple[torch.device, str]:
    """The device and the dtype in which SCAN is measured."""
    return resolve(parameters.device), parameters.dtype_for(GROWN)


def _gallery_rows(known, measured, rates, parameters: AttentionChapter) -> pd.DataFrame:
    rows = []
    for name, one in known.items():
        dtype = parameters.dtype_for(name)
        steps = {"pair": measured[name, "pair"]} if (name, "pair") in measured else {}
        for images, texts in parameters.gallery_sizes:
            growing = max(1, round(parameters.rerank_share * images))
            ks = [("", 0)]
            if one.attention == "rerank":
                ks = [*((f"k = {k}", k) for k in parameters.rerank_k), ("k grows", growing)]
            for label, k in ks:
                pairs = scored_pairs(one.attention, images, texts, k)
                held = feature_bytes(one, images, texts, dtype) / GIB
                ideal = pairs * one.flops.pair / costs.rate_of(rates, dtype)
                rows.append(
                    {
                        **{"model": name, "images": images, "texts": texts, "which": label},
                        **{"k": k, "pairs": pairs},
                        **costs.estimate_columns({"pair": pairs}, steps),
                        **{"ideal_seconds": ideal, "dtype": dtype},
                        **{"needed_gib": held, "finishes": held <= parameters.limit_gib},
                    }
                )
    return pd.DataFrame(rows)


def _growth_rows(one: Analytic, parameters: AttentionChapter) -> pd.DataFrame:
    """SCAN's attention in galleries that grow: every pair, the best k, and k that grows with them.

    The k that grows is the same share of the texts and of the images at every size, k of the images
    of the smallest. A gallery of which `REPEATS` runs would take too long has no seconds, and says
    why; it is not begun where a smaller one shows it.
    """
    model, where, rows = build(paper_model(GROWN)), _where(parameters), []
    for which in ("all pairs", "best k", "k grows"):
        timing: Timing | None = None
        for images in parameters.growth_images:
            texts = images * parameters.texts_per_image
            if which == "all pairs":
                k, pairs = 0, scored_pairs("all pairs", images, texts, 0)
                make = partial(all_pairs, model, one, images, texts, *where)
            else:
                larger = images // min(parameters.growth_images) if which == "k grows" else 1
                k = parameters.growth_k * larger
                pairs = scored_pairs("rerank", images, texts, k)
                make = partial(best_k, model, one, images, texts, k, *where)
            timing = _grown(make, pairs, timing, parameters)
            row = {"which": which, "images": images, "texts": texts, "k": k, "pairs": pairs}
            rows.append(row | _whole(timing))
    return pd.DataFrame(rows)


def _grown(
    make: Callable[[], Callable[[], None]],
    pairs: int,
    before: Timing | None,
    parameters: AttentionChapter,
) -> Timing:
    """The timing of a gallery's pairs; before: that of the next smaller one, if there is one."""
    if before is not None:
        if before.largest is None:
            return Timing(why="a smaller gallery takes too long")
        expected = REPEATS * pairs * before.largest.per_item
        if expected > parameters.longest:
            return Timing(why=too_long(f"{pairs:,} pairs", expected, parameters.longest))
    return _scored(make(), pairs, parameters)


def _whole(timing: Timing) -> dict:
    """The seconds of a run that is repeated as a whole, as columns."""
    if timing.largest is None:
        return {"seconds": float("nan"), "why_not": timing.why}
    seconds = timing.largest.seconds
    found = {"seconds": median(seconds), "repeats": len(seconds), "why_not": ""}
    return found | {"fastest_seconds": min(seconds), "slowest_seconds": max(seconds)}


def _fit_rows(growth: pd.DataFrame) -> pd.DataFrame:
    """The exponent of time over images, and that of pairs, for each way run at `FEWEST` sizes."""
    rows = []
    for which, part in growth.dropna(subset="seconds").groupby("which", sort=False):
        if len(part) >= FEWEST:
            time, pairs = (fit(part["images"], part[of]) for of in ("seconds", "pairs"))
            fitted = {"exponent": time.exponent, "error": time.error, "factor": time.factor}
            rows.append({"which": which, **fitted, "exponent_of_pairs": pairs.exponent})
    columns = ("which", "exponent", "error", "factor", "exponent_of_pairs")
    return pd.DataFrame(rows, columns=columns)


def published_exponents(cells: pd.DataFrame) -> pd.DataFrame:
    """The exponent between the paper's two sizes of Table 6, per model: columns model, exponent."""
    rows = []
    for model, part in cells.dropna(subset="value").groupby("model", sort=False):
        if len(part) > 1:
            found = fit(part["images"], part["value"])
            rows.append({"model": model, "exponent": found.exponent})
    return pd.DataFrame(rows)


def _kept_rows(known, costed, parameters: AttentionChapter) -> pd.DataFrame:
    """Seconds of one query of k candidates, and bytes kept per item, by what is kept.

    A text asks for images: their tokens are kept, or every candidate is encoded again, and so is
    the text. Candidates come in batches, the text alone. No seconds where one of the steps was not
    measured.
    """
    rows = []
    for name, one in known.items():
        if (name, "pair") not in costed:
            continue
        dtype = parameters.dtype_for(name)
        steps = {step: costed[name, step] for step in STEPS}
        image_bytes = feature_bytes(one, 1, 0, dtype)
        text_bytes = feature_bytes(one, 0, 1, dtype)
        for k in parameters.rerank_k:
            ways: dict[str, tuple[dict[str, int], int]] = {
                "both kept": ({"pair": k}, image_bytes + text_bytes),
                "text made again": ({"pair": k, "text": 1}, image_bytes),
                "both made again": ({"pair": k, "text": 1, "image": k}, 0),
            }
            for way, (counts, kept_bytes) in ways.items():
                rows.append(
                    {
                        **{"model": name, "k": k, "kept": way},
                        "seconds_per_query": _query_seconds(counts, steps),
                        "bytes_kept_per_image_and_text": kept_bytes,
                        "why_not": costs.why_not(counts, steps),
                    }
                )
    return pd.DataFrame(rows)


def _query_seconds(counts: Mapping[str, int], steps: Mapping[str, StepCost]) -> float:
    """The seconds of so many items of each step; NaN where one was not measured."""
    total = 0.0
    for step, count in counts.items():
        measurements = steps[step].timing.measurements
        if not measurements:
            return float("nan")
        total += count * measurements[0 if count == 1 else -1].per_item
    return total
