"""Uncertainty over queries: bootstrap intervals and a paired test, clustered by image."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fico_lib.runtime.errors import InputError


@dataclass(frozen=True)
class PairedTest:
    """The mean difference (a - b) over the same queries, its interval and two-sided p-value."""

    difference: float
    low: float
    high: float
    p_value: float


def bootstrap_interval(
    values: np.ndarray,
    clusters: np.ndarray | None = None,
    *,
    level: float = 0.95,
    samples: int = 2000,
    seed: int = 0,
    statistic: Callable[[np.ndarray], float] | None = None,
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean of `values` (n,), or of another statistic.

    clusters: (n,) what is drawn together; for captions the image they describe (five captions share
    one, so drawing captions alone would make the interval too narrow). NaN values (queries left
    out) do not count. Source: Efron & Tibshirani 1993, chapters 8 (clusters) and 13.
    """
    if not 0 < level < 1:
        raise InputError(f"level: found {level}; expected a share between 0 and 1, such as 0.95")
    values, groups = _grouped(values, clusters)
    rng = np.random.default_rng(seed)
    if statistic is None:
        draws = _mean_draws(values, groups, samples, rng)
    else:
        members = np.split(np.argsort(groups, kind="stable"), np.bincount(groups).cumsum()[:-1])
        draws = np.array([
            statistic(values[np.concatenate([members[i] for i in
                                             rng.integers(0, len(members), len(members))])])
            for _ in range(samples)
        ])  # fmt: skip
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def paired_test(
    a: np.ndarray,
    b: np.ndarray,
    clusters: np.ndarray | None = None,
    *,
    level: float = 0.95,
    samples: int = 10_000,
    seed: int = 0,
) -> PairedTest:
    """Do two models differ over the same queries? Sign-flip permutation test of the mean.

    a, b: (n,) per-query values of the two models, in the same order; clusters as in
    `bootstrap_interval` (the differences of one image are flipped together). The interval is the
    paired bootstrap's. Source: Smucker, Allan, Carterette 2007 (randomisation test).
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape:
        raise InputError(f"paired test: {a.shape} and {b.shape} values; expected the same queries")
    if (np.isnan(a) != np.isnan(b)).any():
        raise InputError("paired test: a query left out of one model but not of the other")
    difference, groups = _grouped(a - b, clusters)
    sums = np.bincount(groups, difference)
    rng = np.random.default_rng(seed)
    observed, extreme = abs(sums.sum()), 0
    for start in range(0, samples, 64):
        flips = rng.integers(0, 2, (min(64, samples - start), len(sums))) * 2 - 1
        extreme += int((np.abs(flips @ sums) >= observed * (1 - 1e-12)).sum())
    low, high = bootstrap_interval(difference, groups, level=level, seed=seed)
    return PairedTest(float(difference.mean()), low, high, (extreme + 1) / (samples + 1))


def _grouped(values: np.ndarray, clusters: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Values without NaN, and the cluster number 0, 1, ... of each."""
    values = np.asarray(values, float)
    clusters = np.arange(len(values)) if clusters is None else np.asarray(clusters)
    if values.ndim != 1 or clusters.shape != values.shape:
        raise InputError(
            f"found {values.shape} values and {clusters.shape} clusters; expected one each"
        )
    kept = ~np.isnan(values)
    if not kept.any():
        raise InputError("no query has a value: an interval needs at least one")
    return values[kept], np.unique(clusters[kept], return_inverse=True)[1]


def _mean_draws(values, groups, samples, rng) -> np.ndarray:
    """Means of resampled clusters: (samples,)."""
    sums, sizes = np.bincount(groups, values), np.bincount(groups)
    draws = np.empty(samples)
    for start in range(0, samples, 64):  # blocks keep the draws of clusters small
        part = draws[start : start + 64]
        picks = rng.integers(0, len(sums), (len(part), len(sums)))
        part[:] = sums[picks].sum(1) / sizes[picks].sum(1)
    return draws
