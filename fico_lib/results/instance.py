"""Rows of the instance chapter: recall, ranks and gaps of several models and seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from fico_lib.encodings import Codes, Embeddings
from fico_lib.evaluation import evaluate
from fico_lib.evaluation.result import DirectionResult, EvaluationResult
from fico_lib.metrics.uncertainty import bootstrap_interval, paired_test
from fico_lib.models import model_card
from fico_lib.tasks import DIRECTIONS


@dataclass(frozen=True)
class Comparison:
    """The evaluated models of one run.

    recall: one row per model, seed, direction and k; ranks: per model, seed and direction;
    gaps: per pair of models, direction and k of `headline`; columns as the functions below name
    them. n_images, n_captions: the size of the test split.
    """

    recall: pd.DataFrame
    ranks: pd.DataFrame
    gaps: pd.DataFrame
    headline: list[int]
    n_images: int
    n_captions: int
    seeds: list[int]


def compare(
    encodings: Sequence[Embeddings | Codes],
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

    recall_at: k of every model; recall_at_codes: k of the curve, which hash codes need and all
    models get. A k beyond the candidates is left out of the direction where it is.
    """
    cuts = sorted({*recall_at, *recall_at_codes})
    cuts = [k for k in cuts if k <= min(encodings[0].n_images, encodings[0].n_captions)]
    evaluated = []
    for number, one in enumerate(encodings):
        result = evaluate(one, recall_at=cuts, mode=mode, ties=ties, device=device)
        evaluated.append((one.model, seeds[number % len(seeds)], result))
    rows = [row for entry in evaluated for row in _recall_rows(*entry, cuts, resamples)]
    headline = [k for k in recall_at if k in cuts]
    return Comparison(
        recall=pd.DataFrame(rows),
        ranks=pd.DataFrame([row for entry in evaluated for row in _rank_rows(*entry)]),
        gaps=pd.DataFrame(_gap_rows(evaluated, headline, resamples)),
        headline=headline,
        n_images=encodings[0].n_images,
        n_captions=encodings[0].n_captions,
        seeds=list(seeds),
    )


def _recall_rows(model: str, seed: int, result: EvaluationResult, cuts, resamples: int):
    for direction in DIRECTIONS:
        found: DirectionResult = result.instance[direction]
        for k in cuts:
            name = f"R@{k}"
            low, high = bootstrap_interval(
                found.per_query[name], found.clusters, samples=resamples, seed=0
            )
            pessimistic, optimistic = found.tie_interval[name]
            yield {
                "model": model,
                "granularity": model_card(model).granularity,
                "seed": seed,
                "direction": direction,
                "k": k,
                "percent": found[name],
                "low": low,
                "high": high,
                "pessimistic_percent": pessimistic,
                "optimistic_percent": optimistic,
                "chance_percent": found.chance[name],
                "queries": found.queries,
            }


def _rank_rows(model: str, seed: int, result: EvaluationResult):
    for direction in DIRECTIONS:
        found = result.instance[direction]
        yield {
            "model": model,
            "seed": seed,
            "direction": direction,
            "median_rank": found["MedR"],
            "mean_rank": found["MeanR"],
            "chance_mean_rank": found.chance["MeanR"],
            "r_sum_percent": result.r_at_sum,
            "candidates": found.candidates,
        }


def _gap_rows(evaluated: list[tuple], headline: list[int], resamples: int):
    """Differences between models over the same queries, each averaged over seeds first."""
    models = list(dict.fromkeys(model for model, _, _ in evaluated))
    for (a, b), direction, k in (
        (pair, d, k) for pair in combinations(models, 2) for d in DIRECTIONS for k in headline
    ):
        values = [_mean_over_seeds(evaluated, model, direction, f"R@{k}") for model in (a, b)]
        clusters = evaluated[0][2].instance[direction].clusters
        test = paired_test(*values, clusters, samples=resamples, seed=0)
        yield {
            "model": a,
            "than": b,
            "direction": direction,
            "k": k,
            "gap_percent": test.difference,
            "low": test.low,
            "high": test.high,
            "p_value": test.p_value,
        }


def _mean_over_seeds(evaluated, model: str, direction: str, metric: str) -> np.ndarray:
    runs = [r.instance[direction].per_query[metric] for m, _, r in evaluated if m == model]
    return np.mean(runs, axis=0)


def over_seeds(rows: pd.DataFrame) -> pd.DataFrame:
    """Recall rows averaged over seeds; `low` and `high` are averaged too (query uncertainty).

    `seed_deviation` holds the standard deviation over seeds (NaN for one seed).
    """
    keys = ["model", "granularity", "direction", "k"]
    grouped = rows.groupby(keys, sort=False)
    means = grouped.mean(numeric_only=True).drop(columns="seed")
    means["seed_deviation"] = grouped["percent"].std()
    return means.reset_index()
