"""Bootstrap draws that many values share, so that their differences have intervals too."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import stdtrit

from fico_lib.runtime.errors import InputError

DRAWS = 1 << 22  # counts of images drawn at once
KEPT = 1 << 24  # of these are kept at most


@dataclass(frozen=True)
class Estimate:
    """A mean over queries and trainings, and what the images drawn and the trainings do to it.

    value: the mean; draws: (samples,) float64, what it would have been in each bootstrap draw of
    the images, with the same trainings. runs: for each trained model of which there are several,
    (trainings, 1 + samples) float64, what each training's mean has beyond that of all: first for
    the images as they are, then in each draw. trainings: the fewest of any model in it; None where
    nothing was trained.

    Estimates of one `Resampling` can be added and subtracted: the same images are drawn in all and
    the trainings of a model stand in one order, so a difference is paired. A number is an estimate
    without uncertainty, `Estimate.exact`.
    """

    value: float
    draws: np.ndarray
    runs: Mapping[str, np.ndarray] = field(default_factory=dict)
    trainings: int | None = None

    @classmethod
    def exact(cls, value: float) -> "Estimate":
        """A number without uncertainty, such as a printed one."""
        return cls(value, np.array([value], float))

    @classmethod
    def of_runs(cls, means: np.ndarray, trained: str = "") -> "Estimate":
        """The mean of a trained model's runs.

        means: (runs, 1 + samples) float64, of each run for the images as they are, then in each
        draw.
        """
        centre = means.mean(0)
        apart = {trained: means - centre} if len(means) > 1 else {}
        return cls(float(centre[0]), centre[1:], apart, len(means))

    def __add__(self, other: "Estimate") -> "Estimate":
        runs = dict(self.runs)
        for name, apart in other.runs.items():
            runs[name] = runs[name] + apart if name in runs else apart
        counts = [e.trainings for e in (self, other) if e.trainings is not None]
        return Estimate(
            self.value + other.value,
            self.draws + other.draws,
            runs,
            min(counts) if counts else None,
        )

    def __mul__(self, factor: float) -> "Estimate":
        runs = {name: factor * apart for name, apart in self.runs.items()}
        return Estimate(factor * self.value, factor * self.draws, runs, self.trainings)

    def __sub__(self, other: "Estimate") -> "Estimate":
        return self + other * -1

    def __rsub__(self, number: float) -> "Estimate":
        return Estimate.exact(number) - self

    def percent_of(self, whole: "Estimate") -> "Estimate":
        """This as a percentage of `whole`, paired: both are taken of the same draws.

        What trainings have beyond their mean enters to first order (the delta method). A draw in
        which `whole` is 0 has no value. Raises InputError where `whole` itself is 0.
        """
        if whole.value == 0:
            raise InputError("a percentage of 0 is undefined; expected another value than 0")
        share = self.value / whole.value
        difference = self - whole * share  # its runs are those of the ratio, but for the scale
        with np.errstate(divide="ignore", invalid="ignore"):
            draws = np.where(whole.draws == 0, np.nan, 100 * self.draws / whole.draws)
        runs = {name: apart * (100 / whole.value) for name, apart in difference.runs.items()}
        return Estimate(100 * share, draws, runs, difference.trainings)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The interval over images and trainings; draws without a value do not count.

        Over images it is the percentile interval of the bootstrap, over trainings Student's t; the
        two distances from the value are combined as the legs of a right triangle, as for the sum
        of two independent errors (Zou & Donner 2008, "Construction of confidence limits about
        effect measures", Section 2). With one training per model it is over images alone.
        """
        if not 0 < level < 1:
            raise InputError(f"level: found {level}; expected a share between 0 and 1, as 0.95")
        low, high = np.nanquantile(self.draws, [(1 - level) / 2, (1 + level) / 2])
        spread = self._of_trainings(level)
        if spread == 0:
            return float(low), float(high)
        return (
            float(self.value - np.hypot(self.value - low, spread)),
            float(self.value + np.hypot(high - self.value, spread)),
        )

    def _of_trainings(self, level: float) -> float:
        """Half the width of the interval over trainings.

        Trainings differ in their means also because each errs on other images, which the draws of
        images hold already: what those explain is taken off the variance, as in an analysis of
        variance of two crossed factors. Degrees of freedom: trainings - 1 for one model, Welch's
        for a difference of several.
        """
        variances, freedom = [], []
        for apart in self.runs.values():
            n = len(apart)
            own = (apart[:, 0] ** 2).sum() - np.nanvar(apart[:, 1:], axis=1).sum()
            variances.append(max(0.0, own) / (n * (n - 1)))
            freedom.append(n - 1)
        total = sum(variances)
        if total == 0:
            return 0.0
        welch = total**2 / sum(v**2 / df for v, df in zip(variances, freedom, strict=True))
        return float(stdtrit(welch, (1 + level) / 2) * np.sqrt(total))

    def columns(self, name: str, low: str = "low", high: str = "high") -> dict[str, float]:
        """The value and its 95 % interval as columns of a row."""
        return {name: self.value} | dict(zip((low, high), self.interval(), strict=True))


class Resampling:
    """Draws of images with replacement, the same for every model, direction and metric.

    Every query belongs to an image, in either direction (a caption to the one that it describes):
    the captions of an image are drawn together. Source: Efron & Tibshirani 1993, "An Introduction
    to the Bootstrap", chapters 8 and 13.
    """

    def __init__(self, n_images: int, samples: int = 1000, seed: int = 0):
        self.n_images, self.samples, self.seed = n_images, samples, seed
        self._kept: list[np.ndarray] = []

    def _draws(self) -> Iterator[np.ndarray]:
        """How often each image is drawn, (draws, n_images) float64 at a time.

        Draws that take little memory are kept; others are made again, and come out the same.
        """
        if self._kept:
            yield from self._kept
            return
        rng, share = np.random.default_rng(self.seed), np.full(self.n_images, 1 / self.n_images)
        step = max(1, DRAWS // self.n_images)
        for start in range(0, self.samples, step):
            size = min(step, self.samples - start)
            counts = rng.multinomial(self.n_images, share, size=size).astype(float)
            if self.samples * self.n_images <= KEPT:
                self._kept.append(counts)
            yield counts

    def estimate(
        self, runs: Sequence[np.ndarray], clusters: np.ndarray, trained: str = ""
    ) -> Estimate:
        """The mean of a model over its runs and queries.

        runs: for each run, values (n,) of the same queries, NaN where a query is left out;
        clusters: (n,) int64, the image of each query; trained: the name of the trained model, which
        all estimates from its weights share, with their runs in the same order.
        """
        drawn = self.estimates([(np.asarray(values, float), clusters) for values in runs])
        means = np.stack([np.concatenate([[e.value], e.draws]) for e in drawn])
        return Estimate.of_runs(means, trained)

    def estimates(self, values: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[Estimate]:
        """The means of several values, drawn together: (values (n,), clusters (n,)) of each."""
        sums = [self._by_image(v, np.asarray(clusters)) for v, clusters in values]
        total, size = (np.stack(parts, axis=1) for parts in zip(*sums, strict=True))
        with np.errstate(invalid="ignore"):  # a draw may hold no query that has a value
            draws = np.concatenate([(c @ total) / (c @ size) for c in self._draws()])
        return [Estimate(float(np.nanmean(v)), draws[:, i]) for i, (v, _) in enumerate(values)]

    def median(self, values: np.ndarray, clusters: np.ndarray) -> Estimate:
        """The median of values (n,), NaN where a query is left out, in place of the mean."""
        clusters = np.asarray(clusters)
        self._by_image(values, clusters)  # its checks
        order = np.argsort(values)[: np.count_nonzero(~np.isnan(values))]
        ranked, images, draws = values[order], clusters[order], []
        for counts in self._draws():
            for row in counts:
                seen = row[images].cumsum()
                middle = (seen[-1] - 1) // 2, seen[-1] // 2
                at = np.searchsorted(seen, middle, "right").clip(max=len(ranked) - 1)
                draws.append(ranked[at].mean() if seen[-1] else np.nan)
        return Estimate(float(np.nanmedian(values)), np.array(draws))

    def _by_image(self, values: np.ndarray, clusters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sum of the values of each image, and how many there are: (n_images,) each."""
        n_images = self.n_images
        if values.shape != clusters.shape or (len(clusters) and clusters.max() >= n_images):
            raise InputError(
                f"resampling: found {values.shape} values and {clusters.shape} clusters; "
                f"expected one each, of {n_images} images"
            )
        kept = ~np.isnan(values)
        if not kept.any():
            raise InputError("resampling: no query has a value; an interval needs at least one")
        sums = np.bincount(clusters[kept], values[kept], minlength=n_images)
        return sums, np.bincount(clusters[kept], minlength=n_images)
