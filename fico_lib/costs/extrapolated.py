"""From measured batches to whole galleries: what was not run is marked as extrapolated."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fico_lib.costs.measured import Measurement
from fico_lib.runtime.errors import InputError


@dataclass(frozen=True)
class Estimate:
    """Seconds of a number of items: `measured` where all of them were run, else extrapolated.

    low and high: from the fastest and from the slowest repeat.
    """

    seconds: float
    low: float
    high: float
    kind: str


def estimate(measurement: Measurement, items: int) -> Estimate:
    """The seconds of `items`: the sum of the repeats that ran them, or linear from their median.

    Never from a single run: a measurement has `measured.REPEATS` repeats at least.
    """
    repeats = -(-items // measurement.items)
    if repeats <= len(measurement.seconds):
        total = sum(measurement.seconds[:repeats])
        return Estimate(total, total, total, "measured")
    low, high = (items * side for side in measurement.spread)
    return Estimate(items * measurement.per_item, low, high, "extrapolated")


def together(parts: Sequence[Estimate]) -> Estimate:
    """The sum of estimates; measured only where all of them are."""
    kinds = {part.kind for part in parts}
    kind = "measured" if kinds == {"measured"} else "extrapolated"
    return Estimate(*(sum(getattr(p, f) for p in parts) for f in ("seconds", "low", "high")), kind)


@dataclass(frozen=True)
class Growth:
    """seconds = factor * size ** exponent, fitted; error: the standard error of the exponent.

    The error is NaN for two sizes, through which the line passes.
    """

    exponent: float
    error: float
    factor: float


def fit(sizes: Sequence[float], seconds: Sequence[float]) -> Growth:
    """The power law through times at several sizes: least squares of the logarithms."""
    x, y = np.log(np.asarray(sizes, float)), np.log(np.asarray(seconds, float))
    if len(x) != len(y) or len(np.unique(x)) < 2 or not np.isfinite([x, y]).all():
        raise InputError(
            f"growth: found sizes {list(sizes)} and seconds {list(seconds)}; expected at least two "
            "different sizes with positive times"
        )
    slope, start = np.polyfit(x, y, 1)
    residuals = y - (slope * x + start)
    free = len(x) - 2
    variance = (residuals**2).sum() / free / ((x - x.mean()) ** 2).sum() if free else np.nan
    return Growth(float(slope), float(np.sqrt(variance)), float(np.exp(start)))
