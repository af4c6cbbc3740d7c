"""Estimates behind claims about costs: times with their spread, fitted exponents, shares."""

import numpy as np
from scipy.special import stdtrit

from fico_lib.metrics.resampling import Estimate

DRAWS = 9999  # of a distribution, at equal steps of probability
STEPS = (np.arange(DRAWS) + 0.5) / DRAWS


def spread(value: float, low: float, high: float) -> Estimate:
    """A time from its median, fastest and slowest repeat: its interval is from end to end."""
    return Estimate(value, np.repeat([low, high], DRAWS))


def ratio(above: Estimate, below: Estimate) -> Estimate:
    """How many times `below` goes into `above`; the interval is that of their worst cases."""
    (low, high), (least, most) = (side.interval() for side in (above, below))
    return spread(above.value / below.value, low / most, high / least)


def fitted(value: float, error: float, sizes: int) -> Estimate:
    """A slope with its standard error, fitted to so many sizes: Student's t, sizes - 2 degrees.

    With two sizes nothing is left to tell an error from: the slope is taken as it is.
    """
    if sizes < 3:
        return Estimate.exact(value)
    return Estimate(value, value + error * stdtrit(sizes - 2, STEPS))


def share(percent: float, queries: int, seed: int = 0) -> Estimate:
    """A share of queries, in percent, with bootstrap draws of the queries.

    To draw queries with replacement is to draw how many were answered from a binomial.
    """
    draws = np.random.default_rng(seed).binomial(queries, percent / 100, size=1000)
    return Estimate(percent, 100 * draws / queries)
