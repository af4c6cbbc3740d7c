"""Rows of the instance chapter: recall, ranks and gaps of several models and seeds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import pandas as pd

from fico_lib.chapters.instance.claims import claims
from fico_lib.encodings import Encodings
from fico_lib.evaluation import evaluate
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models import MODELS, model_card
from fico_lib.report.claims import evaluated
from fico_lib.report.reference_rows import references
from fico_lib.report.runs import Runs

KEYS = ["model", "granularity", "direction", "k"]


@dataclass(frozen=True)
class Comparison:
    """The evaluated models of one run, and the reference rows.

    recall: one row per model, seed, direction and k (none where a reranked list does not reach k);
    means: the same over seeds, with 95 % intervals over images and seeds; ranks: per model, seed
    and direction; sums: R@sum per model; gaps: per fine-grained model, coarse-grained model,
    direction and k of `headline`; claims: see `fico_lib.report.claims`. n_images, n_captions: the
    size of the test split.
    """

    recall: pd.DataFrame
    means: pd.DataFrame
    ranks: pd.DataFrame
    sums: pd.DataFrame
    gaps: pd.DataFrame
    claims: pd.DataFrame
    headline: list[int]
    n_images: int
    n_captions: int
    seeds: list[int]


def compare(
    encodings: Sequence[Encodings],
    test: FeatureSplit,
    seeds: Sequence[int],
    recall_at: Sequence[int],
    recall_at_codes: Sequence[int],
    *,
    mode: str,
    ties: str,
    resamples: int,
    device: str,
) -> Comparison:
    """Evaluate the encodings of all models and seeds (the seeds of a model in the order given).

    test: the features that the models saw, for the rows of `fico_lib.report.reference_rows`.

    recall_at: k of every model; recall_at_codes: k of the curve, which hash codes need and all
    models get. A k beyond the candidates is left out of the direction where it is.
    """
    cuts = sorted({*recall_at, *recall_at_codes})
    first, results = encodings[0], {}
    cuts = [k for k in cuts if k <= min(first.n_images, first.n_captions)]
    for one in (*encodings, *(one for seed in seeds for one in references(test, seed))):
        found = evaluate(one, recall_at=cuts, mode=mode, ties=ties, device=device)
        results.setdefault(one.model, []).append(found)
    runs = Runs(results, first.n_images, resamples)
    headline = [k for k in recall_at if k in cuts]
    recall = pd.DataFrame(_recall_rows(runs, seeds, cuts))
    return Comparison(
        recall=recall,
        means=_means(recall, runs),
        ranks=pd.DataFrame(_rank_rows(runs, seeds)),
        sums=pd.DataFrame(_sum_rows(runs, cuts)),
        gaps=pd.DataFrame(runs.recall_gaps(headline)),
        claims=evaluated(claims(), runs),
        headline=headline,
        n_images=first.n_images,
        n_captions=first.n_captions,
        seeds=list(seeds),
    )


def _each(runs: Runs, seeds: Sequence[int]) -> Iterator[tuple]:
    """(model, seed, direction, its result), all of them."""
    for model, results in runs.results.items():
        for seed, result in zip(seeds, results, strict=True):
            for direction in DIRECTIONS:
                yield model, seed, direction, result.instance[direction]


def _recall_rows(runs: Runs, seeds: Sequence[int], cuts: Sequence[int]) -> Iterator[dict]:
    for (model, seed, direction, found), k in product(_each(runs, seeds), cuts):
        name = f"R@{k}"
        if found[name] is None:
            continue
        pessimistic, optimistic = found.tie_interval[name]
        yield {
            "model": model,
            "granularity": model_card(model).granularity if model in MODELS else "",
            "seed": seed,
            "direction": direction,
            "k": k,
            "percent": found[name],
            "pessimistic_percent": pessimistic,
            "optimistic_percent": optimistic,
            "chance_percent": found.chance[name],
            "queries": found.queries,
        }


def _means(recall: pd.DataFrame, runs: Runs) -> pd.DataFrame:
    """`recall` averaged over seeds; `low`, `high`, and `seed_deviation` (NaN for one seed)."""
    grouped = recall.groupby(KEYS, sort=False)
    means = grouped.mean(numeric_only=True).drop(columns="seed")
    means["seed_deviation"] = grouped["percent"].std()
    means = means.reset_index()
    intervals = [
        runs.estimate(row.model, row.direction, f"R@{row.k}").interval()
        for row in means.itertuples()
    ]
    means[["low", "high"]] = intervals
    return means


def _rank_rows(runs: Runs, seeds: Sequence[int]) -> Iterator[dict]:
    for model, seed, direction, found in _each(runs, seeds):
        yield {
            "model": model,
            "seed": seed,
            "direction": direction,
            "median_rank": found["MedR"],
            "mean_rank": found["MeanR"],
            "chance_mean_rank": found.chance["MeanR"],
            "candidates": found.candidates,
        }


def _sum_rows(runs: Runs, cuts: Sequence[int]) -> Iterator[dict]:
    if not {1, 5, 10} <= set(cuts):
        return
    for model in runs.results:
        found = runs.recall_sum(model)
        low, high = found.interval()
        yield {"model": model, "r_sum_percent": found.value, "low": low, "high": high}
