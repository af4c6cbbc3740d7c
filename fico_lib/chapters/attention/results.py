"""Rows of the chapter on attention: cost per pair, galleries, growth, what is kept, budgets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd
import torch

from fico_lib.chapters.attention.parameters import AttentionChapter
from fico_lib.costs import measured as clock
from fico_lib.costs.analytic import GIB, Analytic, feature_bytes, scored_pairs
from fico_lib.costs.architectures import paper_model
from fico_lib.costs.architectures.model import build, materialise
from fico_lib.costs.extrapolated import estimate, fit
from fico_lib.costs.measured import dtype_of
from fico_lib.costs.scaling import all_pairs, best_k
from fico_lib.costs.steps import StepCost, kept_images, kept_texts
from fico_lib.report.costs import rows as costs
from fico_lib.runtime.devices import resolve, threads

STEPS = ("pair", "text", "image")
DIRECT_BLOCK = 8  # images, and four times as many texts: each pair takes a vector per word
GROWN = "scan"  # the model whose growth is measured: its pairs are cheap enough to run them all


@dataclass(frozen=True)
class AttentionCosts:
    """What attention at query time costs.

    known: the facts of the models that have some; rates, steps: as in `results.costs`, steps with
    more rows for "pair alone", one pair at a time, and of SCAN "pair, one query", a text with
    several images, and "pair, direct form", its formula as it is written; galleries:
    seconds per model, size and k; growth: the small galleries that were run in full, and fits:
    their exponents; kept: what one query costs when tokens are kept or made again.
    """

    known: Mapping[str, Analytic]
    rates: pd.DataFrame
    steps: pd.DataFrame
    galleries: pd.DataFrame
    growth: pd.DataFrame
    fits: pd.DataFrame
    kept: pd.DataFrame

    def seconds_per_pair(self, step: str = "pair") -> dict[str, float]:
        """Model -> seconds of a pair in a batch, of those that were measured.

        step: "pair, one query" for the pairs of one query at a time.
        """
        rows = self.steps[self.steps["step"] == step].dropna(subset="seconds_per_item")
        return dict(zip(rows["model"], rows["seconds_per_item"], strict=True))

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
    alone = {
        (name, "pair"): _alone(name, known[name], measured[name, "pair"], p) for name in chosen
    }
    steps = costs.step_rows(measured, known, rates)
    alone_rows = costs.step_rows(alone, known, rates).assign(step="pair alone")
    direct = {(GROWN, "pair"): _direct(known[GROWN], p)}
    direct_rows = costs.step_rows(direct, known, rates).assign(step="pair, direct form")
    query = {(GROWN, "pair"): _one_query(known[GROWN], p)} if GROWN in chosen else {}
    query_rows = costs.step_rows(query, known, rates).assign(step="pair, one query")
    growth = _growth_rows(known[GROWN], p)
    return AttentionCosts(
        known=known,
        rates=rates,
        steps=pd.concat([steps, alone_rows, query_rows, direct_rows], ignore_index=True),
        galleries=_gallery_rows(known, measured, rates, p),
        growth=growth,
        fits=_fit_rows(growth),
        kept=_kept_rows(known, measured | query, rates, p),
    )


def _pairs(
    run: Callable[[], object],
    pairs: int,
    model: str,
    parameters: AttentionChapter,
    share: float = 1,
) -> StepCost:
    """The time of a call that scores so many pairs. share: of the seconds of a measured step."""
    where, seconds = _where(model, parameters), share * parameters.seconds
    with threads(parameters.threads):
        return StepCost("pair", clock.measure(run, pairs, *where, seconds=seconds))


def _where(model: str, parameters: AttentionChapter) -> tuple[torch.device, str]:
    return resolve(parameters.device), parameters.dtype_for(model)


def _alone(name: str, one: Analytic, batched: StepCost, parameters: AttentionChapter) -> StepCost:
    """One pair at a time, where a batch of pairs was measured."""
    if batched.measurement is None:
        return batched
    model, (device, dtype) = build(paper_model(name)), _where(name, parameters)
    materialise(model.parts("pair"), device, dtype_of(dtype))
    v, w = (make(one, 1, device, dtype) for make in (kept_images, kept_texts))
    return _pairs(lambda: model.score(v, w), 1, name, parameters, share=1 / 2)


def _one_query(one: Analytic, parameters: AttentionChapter) -> StepCost:
    """SCAN's pairs of one text with k images; in `measured_steps` it meets whole blocks.

    The models with weights meet one text with several images there too.
    """
    model, k, where = build(paper_model(GROWN)), min(parameters.rerank_k), _where(GROWN, parameters)
    v, w = kept_images(one, k, *where), kept_texts(one, 1, *where)
    return _pairs(lambda: model.score(v, w), k, GROWN, parameters)


def _direct(one: Analytic, parameters: AttentionChapter) -> StepCost:
    """SCAN's pairs as the paper writes them, with a vector for every word of every pair."""
    model, where, texts = build(paper_model(GROWN)), _where(GROWN, parameters), 4 * DIRECT_BLOCK
    v, w = kept_images(one, DIRECT_BLOCK, *where), kept_texts(one, texts, *where)
    return _pairs(lambda: model.score_directly(v, w), DIRECT_BLOCK * texts, GROWN, parameters)


def _gallery_rows(known, measured, rates, parameters: AttentionChapter) -> pd.DataFrame:
    rows = []
    for name, one in known.items():
        dtype = parameters.dtype_for(name)
        for images, texts in parameters.gallery_sizes:
            growing = max(1, round(parameters.rerank_share * images))
            ks = [("", 0)]
            if one.attention == "rerank":
                ks = [*((f"k = {k}", k) for k in parameters.rerank_k), ("k grows", growing)]
            for label, k in ks:
                pairs = scored_pairs(one.attention, images, texts, k)
                step = measured.get((name, "pair"))
                total = estimate(step.measurement, pairs) if step and step.measurement else None
                held = feature_bytes(one, images, texts, dtype) / GIB
                ideal = pairs * one.flops.pair / costs.rate_of(rates, dtype)
                rows.append(
                    {
                        **{"model": name, "images": images, "texts": texts, "which": label},
                        **{"k": k, "pairs": pairs},
                        **costs.estimate_columns(total),
                        **{"ideal_seconds": ideal, "dtype": dtype},
                        **{"needed_gib": held, "finishes": held <= parameters.limit_gib},
                    }
                )
    return pd.DataFrame(rows)


def _growth_rows(one: Analytic, parameters: AttentionChapter) -> pd.DataFrame:
    """SCAN's attention in galleries that grow: every pair, the best k, and k that grows with them.

    The k that grows is the same share of the texts and of the images at every size, k of the images
    of the smallest.
    """
    model, k, rows = build(paper_model(GROWN)), parameters.growth_k, []
    where = _where(GROWN, parameters)
    with threads(parameters.threads):
        for images in parameters.growth_images:
            texts = images * parameters.texts_per_image
            grown = k * images // min(parameters.growth_images)
            runs = {
                "all pairs": (all_pairs(model, one, images, texts, *where), 0),
                "best k": (best_k(model, one, images, texts, k, *where), k),
                "k grows": (best_k(model, one, images, texts, grown, *where), grown),
            }
            for which, (run, used) in runs.items():
                attention = "rerank" if used else "all pairs"
                pairs = scored_pairs(attention, images, texts, used)
                time = clock.measure(
                    run, pairs, *where, seconds=parameters.seconds, most=10 * pairs
                )
                rows.append(
                    {
                        **{"which": which, "images": images, "texts": texts, "k": used},
                        **{"pairs": pairs, "seconds": time.per_item * pairs},
                        "fastest_seconds": time.spread[0] * pairs,
                        "slowest_seconds": time.spread[1] * pairs,
                        "repeats": len(time.seconds),
                    }
                )
    return pd.DataFrame(rows)


def _fit_rows(growth: pd.DataFrame) -> pd.DataFrame:
    """The exponent of time over images, and that of pairs over images, for each way to score."""
    rows = []
    for which, part in growth.groupby("which", sort=False):
        time, pairs = (fit(part["images"], part[of]) for of in ("seconds", "pairs"))
        fitted = {"exponent": time.exponent, "error": time.error, "factor": time.factor}
        rows.append({"which": which, **fitted, "exponent_of_pairs": pairs.exponent})
    return pd.DataFrame(rows)


def published_exponents(cells: pd.DataFrame) -> pd.DataFrame:
    """The exponent between the paper's two sizes of Table 6, per model: columns model, exponent."""
    rows = []
    for model, part in cells.dropna(subset="value").groupby("model", sort=False):
        if len(part) > 1:
            found = fit(part["images"], part["value"])
            rows.append({"model": model, "exponent": found.exponent})
    return pd.DataFrame(rows)


def _kept_rows(known, costed, rates, parameters: AttentionChapter) -> pd.DataFrame:
    """Seconds of one query of k candidates, and bytes kept per item, by what is kept.

    A text asks for images: their tokens are kept, or every candidate is encoded again, and so is
    the text. The step of a model that was not measured is taken at the device's rate.
    """
    rows = []
    for name, one in known.items():
        if (name, "pair") not in costed:
            continue
        dtype = parameters.dtype_for(name)
        per = {step: _per_item(costed[name, step], one, rates, dtype) for step in STEPS}
        image_bytes = feature_bytes(one, 1, 0, dtype)
        text_bytes = feature_bytes(one, 0, 1, dtype)
        for k in parameters.rerank_k:
            scored = k * per["pair"][0]
            ways = {
                "both kept": (scored, image_bytes + text_bytes, ("pair",)),
                "text made again": (scored + per["text"][0], image_bytes, ("pair", "text")),
                "both made again": (scored + per["text"][0] + k * per["image"][0], 0, STEPS),
            }
            for way, (seconds, kept_bytes, used) in ways.items():
                measured = all(per[step][1] for step in used)
                rows.append(
                    {
                        **{"model": name, "k": k, "kept": way, "seconds_per_query": seconds},
                        "bytes_kept_per_image_and_text": kept_bytes,
                        "kind": "extrapolated" if measured else "partly ideal",
                    }
                )
    return pd.DataFrame(rows)


def _per_item(cost: StepCost, one: Analytic, rates: pd.DataFrame, dtype: str):
    """Seconds per item, and whether they were measured or are those of the device's rate."""
    if cost.measurement is not None:
        return cost.measurement.per_item, True
    return getattr(one.flops, cost.step) / costs.rate_of(rates, dtype), False
