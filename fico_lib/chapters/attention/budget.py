"""The latency budget test: what reranking gains at each k, and which k a budget pays for."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from fico_lib.chapters.attention.parameters import AttentionChapter
from fico_lib.encodings import Embeddings, Scores
from fico_lib.evaluation import evaluate
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.metrics.resampling import Resampling
from fico_lib.similarity.two_stages import ABSENT, stages

CUTS = (1, 5, 10)


def gain(encodings: Sequence[Embeddings | Scores], parameters: AttentionChapter) -> pd.DataFrame:
    """R@1, R@5 and R@10 of the first stage's list whose best k the second stage ranks again.

    encodings: of the first stage, one per training, then as many of the second; k = 1 changes
    nothing. Columns: direction, k, metric, percent, gain_percent over k = 1 (means over the
    trainings), its low and high (95 %, paired bootstrap over images and trainings), candidates.
    Beyond the best k nothing is found (as in FiCo-ITR, Table 4's note).
    """
    half = len(encodings) // 2
    candidates = {"i2t": encodings[0].n_captions, "t2i": encodings[0].n_images}
    ks = [k for k in sorted({1, *parameters.gain_k}) if k <= min(candidates.values())]
    runs = [
        _evaluated(first, second, ks, parameters)
        for first, second in zip(encodings[:half], encodings[half:], strict=True)
    ]
    draws, rows = Resampling(candidates["t2i"], parameters.resamples), []
    for k, direction, cut in itertools.product(ks, DIRECTIONS, CUTS):
        name = f"R@{cut}"
        results = [run[k][direction] for run in runs]
        values = [result[name] for result in results]  # None where the list ends before
        gained = [
            result.per_query[name] - run[1][direction].per_query[name]
            for result, run in zip(results, runs, strict=True)
        ]
        estimate = draws.estimate(gained, results[0].clusters)
        rows.append(
            {
                **{"direction": direction, "k": k, "metric": name},
                "percent": None if None in values else float(np.mean(values)),
                **estimate.columns("gain_percent"),
                "candidates": candidates[direction],
            }
        )
    return pd.DataFrame(rows)


def _evaluated(
    first: Embeddings, second: Scores, ks: Sequence[int], parameters: AttentionChapter
) -> dict[int, dict]:
    """k -> the instance task by direction, of one training of each stage."""
    both = stages(first, second)
    shared = {name: getattr(first, name) for name in ("image_of_caption", "image_ids")}
    results, ties, device = {}, parameters.ties, parameters.device
    for k in ks:
        if k == 1:
            scores = Scores(both["i2t"].first, None, **shared)
        else:
            lists = {direction: both[direction].reranked(k) for direction in DIRECTIONS}
            scores = Scores(**lists, missing=ABSENT, **shared)
        result = evaluate(scores, tasks="instance", recall_at=CUTS, ties=ties, device=device)
        results[k] = result.instance
    return results


def largest_k(
    seconds_per_pair: Mapping[str, Mapping[str, float]],
    gains: pd.DataFrame,
    parameters: AttentionChapter,
) -> pd.DataFrame:
    """The largest k that each budget pays for, and what it gains, per model and direction.

    seconds_per_pair: model -> budget ("latency", "throughput") -> seconds of a pair.

    A budget in milliseconds is for one query alone; queries per second are for one device that
    does nothing else, and may score pairs of several queries together. The gain is that of
    the largest evaluated k within (R@1 of the compact models); k = 0 pays for no pair, and k = 1
    changes nothing.
    """
    budgets = [("latency", "ms", ms, ms / 1000) for ms in parameters.latency_ms]
    budgets += [("throughput", "queries/s", qps, 1 / qps) for qps in parameters.queries_per_second]
    rows = []
    for model, seconds in seconds_per_pair.items():
        for budget, unit, value, allowed in budgets:
            k = int(allowed / seconds[budget])
            for direction in DIRECTIONS:
                part = gains[(gains["direction"] == direction) & (gains["metric"] == "R@1")]
                reached = part[part["k"] <= max(k, 1)].iloc[-1]
                rows.append(
                    {
                        **{"model": model, "budget": budget, "value": value, "unit": unit},
                        **{"direction": direction, "k": k, "evaluated_k": reached["k"]},
                        "gain_percent": reached["gain_percent"],
                        **{"low": reached["low"], "high": reached["high"]},
                        "candidates": reached["candidates"],
                    }
                )
    return pd.DataFrame(rows)
