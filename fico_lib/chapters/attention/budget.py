"""The latency budget test: what reranking gains at each k, and which k a budget pays for."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fico_lib.encodings import Embeddings, Scores
from fico_lib.evaluation import evaluate
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.metrics.resampling import Resampling
from fico_lib.runtime.errors import InputError
from fico_lib.similarity import similarity

ABSENT = -np.inf
CUTS = (1, 5, 10)


@dataclass(frozen=True)
class Stages:
    """The scores of both stages in one direction: (queries, candidates) float32."""

    first: np.ndarray
    second: np.ndarray

    def reranked(self, k: int) -> np.ndarray:
        """The second stage's scores of each query's best k by the first; -inf elsewhere."""
        best = np.argpartition(-self.first, k - 1, axis=1)[:, :k]
        found = np.full(self.second.shape, ABSENT, np.float32)
        np.put_along_axis(found, best, np.take_along_axis(self.second, best, 1), 1)
        return found


def stages(first: Embeddings, second: Scores) -> dict[str, Stages]:
    """Both stages by direction; InputError where the two are not of the same items."""
    for name in ("image_ids", "caption_ids"):
        if not np.array_equal(getattr(first, name), getattr(second, name)):
            raise InputError(
                f"'{first.model}' and '{second.model}' differ in {name}; expected encodings of "
                "the same data"
            )
    if not isinstance(first, Embeddings) or not isinstance(second, Scores):
        raise InputError(
            f"found {type(first).__name__} of '{first.model}' and {type(second).__name__} of "
            f"'{second.model}'; expected embeddings, such as vse's, and scores, such as scan's"
        )
    if second.missing is not None:
        raise InputError(f"'{second.model}' scores only some pairs; expected all, as scan gives")
    scores = similarity(first.images, first.texts, first.measure).astype(np.float32)
    other = second.i2t.T if second.t2i is None else second.t2i
    return {"i2t": Stages(scores, second.i2t), "t2i": Stages(scores.T, other)}


def gain(
    encodings: Sequence[Embeddings | Scores],
    ks: Sequence[int],
    *,
    ties: str,
    resamples: int,
    device: str,
) -> pd.DataFrame:
    """R@1, R@5 and R@10 of the first stage's list whose best k the second stage ranks again.

    encodings: of the first stage, one per training, then as many of the second; k = 1 changes
    nothing. Columns: direction, k, metric, percent, gain_percent over k = 1 (means over the
    trainings), its low and high (95 %, paired bootstrap over images and trainings), candidates.
    Beyond the best k nothing is found (as in FiCo-ITR, Table 4's note).
    """
    half = len(encodings) // 2
    candidates = {"i2t": encodings[0].n_captions, "t2i": encodings[0].n_images}
    ks = [k for k in sorted({1, *ks}) if k <= min(candidates.values())]
    how = {"recall_at": CUTS, "tasks": ("instance",), "ties": ties, "device": device}
    runs = [
        _evaluated(first, second, ks, how)
        for first, second in zip(encodings[:half], encodings[half:], strict=True)
    ]
    draws, rows = Resampling(candidates["t2i"], resamples), []
    for k, direction, cut in itertools.product(ks, DIRECTIONS, CUTS):
        name = f"R@{cut}"
        found = [run[k][direction] for run in runs]
        values = [one[name] for one in found]  # None where the list ends before
        gained = [
            one.per_query[name] - run[1][direction].per_query[name]
            for one, run in zip(found, runs, strict=True)
        ]
        estimate = draws.estimate(gained, found[0].clusters)
        low, high = estimate.interval()
        rows.append(
            {
                **{"direction": direction, "k": k, "metric": name},
                "percent": None if None in values else float(np.mean(values)),
                **{"gain_percent": estimate.value, "low": low, "high": high},
                "candidates": candidates[direction],
            }
        )
    return pd.DataFrame(rows)


def _evaluated(first: Embeddings, second: Scores, ks: Sequence[int], how: dict) -> dict[int, dict]:
    """k -> the instance task by direction, of one training of each stage."""
    both = stages(first, second)
    shared = {name: getattr(first, name) for name in ("image_of_caption", "image_ids")}
    found = {}
    for k in ks:
        if k == 1:
            scores = Scores(both["i2t"].first, None, **shared)
        else:
            lists = {direction: both[direction].reranked(k) for direction in DIRECTIONS}
            scores = Scores(**lists, missing=ABSENT, **shared)
        found[k] = evaluate(scores, **how).instance
    return found


def largest_k(
    seconds_per_pair: Mapping[str, Mapping[str, float]],
    gains: pd.DataFrame,
    latency_ms: Sequence[float],
    queries_per_second: Sequence[float],
) -> pd.DataFrame:
    """The largest k that each budget pays for, and what it gains, per model and direction.

    seconds_per_pair: model -> budget ("latency", "throughput") -> seconds of a pair.

    A budget in milliseconds is for one query alone; queries per second are for one device that
    does nothing else, and may score pairs of several queries together. The gain is that of
    the largest evaluated k within (R@1 of the compact models); k = 0 pays for no pair, and k = 1
    changes nothing.
    """
    budgets = [("latency", "ms", ms, ms / 1000) for ms in latency_ms]
    budgets += [("throughput", "queries/s", qps, 1 / qps) for qps in queries_per_second]
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
