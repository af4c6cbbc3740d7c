"""The latency budget test: what reranking gains at each k, and which k a budget pays for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fico_lib.encodings import Embeddings, Scores
from fico_lib.errors import InputError
from fico_lib.evaluation import evaluate
from fico_lib.metrics.uncertainty import bootstrap_interval
from fico_lib.similarity import similarity
from fico_lib.tasks import DIRECTIONS

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

    encodings: of both stages; the first k is 1, at which nothing is changed. Columns: direction,
    k, metric, percent, gain_percent over k = 1, its low and high (95 %, paired bootstrap over
    images), candidates. Beyond the best k nothing is found (as in FiCo-ITR, Table 4's note).
    """
    first, second = encodings
    both = stages(first, second)
    candidates = {"i2t": first.n_captions, "t2i": first.n_images}
    how = {"recall_at": CUTS, "tasks": ("instance",), "ties": ties, "device": device}
    shared = {name: getattr(first, name) for name in ("image_of_caption", "image_ids")}
    base = evaluate(Scores(i2t=both["i2t"].first, t2i=None, **shared), **how).instance
    rows = []
    for k in sorted({1, *ks}):
        if k > min(candidates.values()):
            continue
        if k == 1:
            found = base
        else:
            lists = {d: both[d].reranked(k) for d in DIRECTIONS}
            found = evaluate(Scores(**lists, missing=ABSENT, **shared), **how).instance
        rows += _gain_rows(found, base, k, candidates, resamples)
    return pd.DataFrame(rows)


def _gain_rows(found, base, k: int, candidates: Mapping[str, int], resamples: int):
    for direction in DIRECTIONS:
        here, before = found[direction], base[direction]
        for cut in CUTS:
            name = f"R@{cut}"
            gained = here.per_query[name] - before.per_query[name]
            low, high = bootstrap_interval(gained, here.clusters, samples=resamples, seed=0)
            yield {
                **{"direction": direction, "k": k, "metric": name, "percent": here[name]},
                **{"gain_percent": float(np.mean(gained)), "low": low, "high": high},
                "candidates": candidates[direction],
            }


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
