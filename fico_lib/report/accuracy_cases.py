"""Cases of claims about accuracy, from a run's results or from printed cells alike."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from typing import Protocol

from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.metrics.resampling import Estimate
from fico_lib.models import CLOSED_FORM, model_card
from fico_lib.report.claims import Above, Case

Pairs = Iterable[tuple[str, str]]


class Accuracy(Protocol):
    """What `Runs` and `PrintedRuns` have in common. n_images: the size of the gallery."""

    n_images: int

    def models(self, family: str | None = None) -> list[str]:
        """The models, or those of a family: "FG", "CG", or "VLP", a part of "FG"."""

    def has(self, *models: str) -> bool:
        """Whether all of these are there."""

    def estimate(self, model: str, direction: str, metric: str) -> Estimate | None:
        """The value of a metric in percent; None where there is none."""


def value(source: Accuracy, model: str, direction: str, metric: str) -> Estimate | None:
    """The value of a metric; None where the model is not there, or has none.

    A partly reranked list has none beyond its end.
    """
    return source.estimate(model, direction, metric) if source.has(model) else None


def gap(source: Accuracy, a: str, b: str, direction: str, metric: str = "R@1") -> list[Case]:
    """The case that model `a` exceeds `b`; none where one of them is not there or has no value."""
    first, second = (value(source, model, direction, metric) for model in (a, b))
    if first is None or second is None:
        return []
    best = above(source, (a, b), direction, metric)
    return [Case(f"{a} - {b}", direction, metric, first - second, best)]


def above(source: Accuracy, models: Sequence[str], direction: str, metric: str) -> Above | None:
    """The best closed form that is above all of `models`; None where there is none.

    Floats count only where one of the models has floats: against codes alone, codes do.
    """
    known = [value(source, model, direction, metric) for model in models]
    most = max(estimate.value for estimate in known if estimate is not None)
    codes = source.models("CG")
    codes_alone = all(model in codes or " bits" in model for model in models)  # or a factor's cell
    found = []
    for name in CLOSED_FORM:
        own = value(source, name, direction, metric)
        if own is None or (codes_alone and model_card(name).granularity != "CG"):
            continue
        if own.value > most:
            found.append(Above(name, own.value, own.value - most))
    return max(found, key=lambda one: one.lead, default=None)


def gaps(
    pairs: Callable[[Accuracy], Pairs] | Pairs, metrics: Sequence[str] = ("R@1",)
) -> Callable[[Accuracy], Iterator[Case]]:
    """The cases that the first model of every pair exceeds the second, in both directions.

    pairs: the pairs, or what finds them among the models of a source.
    """
    fixed = pairs if callable(pairs) else list(pairs)

    def cases(source: Accuracy) -> Iterator[Case]:
        found = fixed(source) if callable(fixed) else fixed
        for (a, b), metric, direction in product(found, metrics, DIRECTIONS):
            yield from gap(source, a, b, direction, metric)

    return cases


def between(a: str, b: str) -> Callable[[Accuracy], list[tuple[str, str]]]:
    """All pairs of a model of family `a` with one of family `b`.

    Families are "FG", "CG", "VLP" and "other FG", the fine-grained models that do not pre-train.
    """

    def members(source: Accuracy, family: str) -> list[str]:
        if family == "other FG":
            return [m for m in source.models("FG") if m not in source.models("VLP")]
        return source.models(family)

    return lambda source: list(product(members(source, a), members(source, b)))
