"""Bootstrap draws that many values share, so that their differences have intervals too."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fico_lib.runtime.errors import InputError


@dataclass(frozen=True)
class Estimate:
    """A mean, and what it would have been in each bootstrap draw, (samples,) float64.

    Estimates of one `Resampling` can be added and subtracted: the same images are drawn in all, so
    a difference is paired.
    """

    value: float
    draws: np.ndarray

    def __add__(self, other: "Estimate") -> "Estimate":
        return Estimate(self.value + other.value, self.draws + other.draws)

    def __sub__(self, other: "Estimate") -> "Estimate":
        return Estimate(self.value - other.value, self.draws - other.draws)

    def __rsub__(self, number: float) -> "Estimate":
        return Estimate(number - self.value, number - self.draws)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The percentile interval; draws without a value do not count."""
        if not 0 < level < 1:
            raise InputError(f"level: found {level}; expected a share between 0 and 1, as 0.95")
        low, high = np.nanquantile(self.draws, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    def columns(self, name: str, low: str = "low", high: str = "high") -> dict[str, float]:
        """The value and its 95 % interval as columns of a row."""
        return {name: self.value} | dict(zip((low, high), self.interval(), strict=True))


class Resampling:
    """Draws of images with replacement, and of the runs (seeds) of each model.

    Every query belongs to an image, in either direction (a caption to the one that it describes):
    the captions of an image are drawn together. Runs of one model are drawn independently of those
    of another. With few runs that part is too narrow: of three, the spread of their mean is
    underestimated by a fifth. Source: Efron & Tibshirani 1993, "An Introduction to the Bootstrap",
    chapters 8 and 13.
    """

    def __init__(self, n_images: int, samples: int = 1000, seed: int = 0):
        self._rng = np.random.default_rng(seed)
        share = np.full(n_images, 1 / n_images)
        self._counts = self._rng.multinomial(n_images, share, size=samples).astype(float)

    def estimate(self, runs: Sequence[np.ndarray], clusters: np.ndarray) -> Estimate:
        """The mean of a model over its runs and queries.

        runs: for each run, values (n,) of the same queries, NaN where a query is left out;
        clusters: (n,) int64, the image of each query.
        """
        clusters = np.asarray(clusters)
        means = np.empty((len(runs), len(self._counts)))
        for number, values in enumerate(runs):
            means[number] = self._means(np.asarray(values, float), clusters)
        value = float(np.mean([np.nanmean(values) for values in runs]))
        if len(runs) == 1:
            return Estimate(value, means[0])
        picks = self._rng.integers(0, len(runs), means.shape)
        return Estimate(value, np.take_along_axis(means, picks, axis=0).mean(0))

    def _means(self, values: np.ndarray, clusters: np.ndarray) -> np.ndarray:
        n_images = self._counts.shape[1]
        if values.shape != clusters.shape or (len(clusters) and clusters.max() >= n_images):
            raise InputError(
                f"resampling: found {values.shape} values and {clusters.shape} clusters; "
                f"expected one each, of {n_images} images"
            )
        kept = ~np.isnan(values)
        if not kept.any():
            raise InputError("resampling: no query has a value; an interval needs at least one")
        sums = np.bincount(clusters[kept], values[kept], minlength=n_images)
        sizes = np.bincount(clusters[kept], minlength=n_images)
        with np.errstate(invalid="ignore"):  # a draw may hold no query that has a value
            return (self._counts @ sums) / (self._counts @ sizes)


@dataclass(frozen=True)
class PairedTest:
    """The mean difference (a - b) over the same queries, and its two-sided p-value."""

    difference: Estimate
    p_value: float


def paired_test(
    a: np.ndarray, b: np.ndarray, clusters: np.ndarray, *, samples: int = 10_000, seed: int = 0
) -> PairedTest:
    """Do two models differ over the same queries? Sign-flip permutation test of the mean.

    a, b: (n,) per-query values of the two models, in the same order, NaN where a query is left out
    of both; clusters: (n,) int64, the image of each query, whose differences are flipped together.
    Source: Smucker, Allan, Carterette 2007 (randomisation test).
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape:
        raise InputError(f"paired test: {a.shape} and {b.shape} values; expected the same queries")
    if (np.isnan(a) != np.isnan(b)).any():
        raise InputError("paired test: a query left out of one model but not of the other")
    n_images = int(np.max(clusters, initial=0)) + 1
    difference = Resampling(n_images, seed=seed).estimate([a - b], clusters)
    sums = np.bincount(clusters, np.nan_to_num(a - b))
    rng, extreme = np.random.default_rng(seed), 0
    for start in range(0, samples, 64):  # blocks keep the flips small
        flips = rng.integers(0, 2, (min(64, samples - start), n_images)) * 2 - 1
        extreme += int((np.abs(flips @ sums) >= abs(sums.sum()) * (1 - 1e-12)).sum())
    return PairedTest(difference, (extreme + 1) / (samples + 1))
