"""A law of growth: the share of right answers in first place among ever more wrong candidates.

Let a random wrong candidate beat the answer of a query with chance p. The largest of m independent
scores stays below the answer's with chance (1 - p)^m, about exp(-p m). Queries differ in p; if p is
Gamma distributed over them, with shape a and scale b, the mean over queries is its Laplace
transform,

    hits(m) = (1 + b m)^-a.

For small m what is missed grows in proportion to m; for large m what is hit falls as a power of m,
with an exponent that says how many queries are easy: near p = 0 the density goes as p^(a - 1). The
number of candidates above the answer is negative binomial, the mixture of Poisson counts, so that
the same two numbers predict the answers among the first k.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

GRID = np.logspace(-4, 8, 1201)  # b times the largest m
FINE = np.logspace(-0.02, 0.02, 81)  # around the best of these
MOST = 0.999  # hits above count as this many: their weight would be infinite


@dataclass(frozen=True)
class Law:
    """shape, scale: a and b, of one or several fits, (n,) float64 each."""

    shape: np.ndarray
    scale: np.ndarray

    def hits(self, wrong: float, k: int = 1) -> np.ndarray:
        """The share (n,) of queries whose answer is among the first k of `wrong` candidates and it.

        >>> Law(np.array([1.0]), np.array([0.001])).hits(1000)
        array([0.5])
        """
        among = stats.nbinom.cdf(k - 1, self.shape, 1 / (1 + self.scale * wrong))
        return np.where(self.shape == 0, 1.0, among)  # no answer is ever beaten


def fit(wrong: np.ndarray, hits: np.ndarray) -> Law:
    """The law of the shares `hits` (n, sizes) in galleries of `wrong` (sizes,) wrong candidates.

    Least squares of log hits, weighted by hits / (1 - hits), the inverse of what drawing queries
    does to their variance, of the first row. For a given b the best a is in closed form; b is
    searched for on a grid, in steps of a thousandth at last. Rows with a share of 0 give NaN.
    """
    weights = np.minimum(hits[0], MOST)
    weights = weights / (1 - weights)
    with np.errstate(divide="ignore"):
        logs = np.log(hits)
    logs[(hits <= 0).any(axis=1)] = np.nan
    best = _best((GRID / wrong.max())[None], wrong, logs, weights)
    best = _best(best[:, None] * FINE, wrong, logs, weights)
    return Law(_shape(best[:, None], wrong, logs, weights)[0][:, 0], best)


def _shape(scale, wrong, logs, weights) -> tuple[np.ndarray, np.ndarray]:
    """The best a (n, grid) for each b, and how much of the weighted squares it explains.

    scale: (n, grid), or (1, grid) for all rows.
    """
    x = np.log1p(scale[:, :, None] * wrong)
    along = -(x @ (weights * logs)[:, :, None])[:, :, 0]
    size = x**2 @ weights
    return along / size, along**2 / size


def _best(scale, wrong, logs, weights) -> np.ndarray:
    """The b (n,) of each row that explains most."""
    explained = _shape(scale, wrong, logs, weights)[1]
    known = ~np.isnan(explained).any(1)
    place = np.where(known, explained.argmax(1), 0)
    rows = np.broadcast_to(scale, explained.shape)
    return np.where(known, rows[np.arange(len(place)), place], np.nan)
