"""Which models are tied with the best: intervals of ranks, from paired differences."""

from collections.abc import Mapping
from dataclasses import dataclass

from fico_lib.metrics.resampling import Estimate

LEVEL = 0.95


@dataclass(frozen=True)
class Ranks:
    """The best and the worst rank that a model may have, from 1."""

    best: int
    worst: int

    def __str__(self) -> str:
        return str(self.best) if self.best == self.worst else f"{self.best}-{self.worst}"


def rank_intervals(
    estimates: Mapping[str, Estimate], higher_is_better: bool = True
) -> dict[str, Ranks]:
    """The interval of each model's rank, from estimates of the same draws.

    A model's rank is at least one more than the number of models that are clearly better, at most
    that of all but the clearly worse. Clear is a difference whose interval excludes 0, corrected
    for the number of comparisons of the model, so that 95 of 100 such intervals hold its rank.
    Models whose best rank is 1 are tied with the best. Source: Mogstad, Romano, Shaikh and Wilhelm
    2024, "Inference for ranks", Section 3 (with Bonferroni's correction in place of theirs).
    """
    others, sign = max(1, len(estimates) - 1), 1 if higher_is_better else -1
    found = {}
    for model, own in estimates.items():
        gaps = [((other - own) * sign).interval(1 - (1 - LEVEL) / others)
                for name, other in estimates.items() if name != model]  # fmt: skip
        better, worse = (sum(low > 0 for low, _ in gaps), sum(high < 0 for _, high in gaps))
        found[model] = Ranks(1 + better, len(estimates) - worse)
    return found
