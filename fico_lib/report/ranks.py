"""Which models are tied with the best: intervals of ranks, from paired differences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from fico_lib.report.runs import Runs

LEVEL = 0.95


@dataclass(frozen=True)
class Ranks:
    """The best and the worst rank that a model may have, from 1."""

    best: int
    worst: int

    def __str__(self) -> str:
        return str(self.best) if self.best == self.worst else f"{self.best}-{self.worst}"


def place(row: Mapping) -> str:
    """The places that a row's `best_rank` and `worst_rank` leave open; nothing where it has none.

    >>> place({"best_rank": 1.0, "worst_rank": 3.0}), place({"best_rank": None})
    ('1-3', '')
    """
    if pd.isna(row.get("best_rank")):
        return ""
    return str(Ranks(int(row["best_rank"]), int(row["worst_rank"])))


def ranks(runs: Runs, models: Sequence[str], direction: str, metric: str) -> dict[str, Ranks]:
    """The interval of each model's rank among those of `models` that have a value.

    A model's rank is at least one more than the number of models that are clearly better, at most
    that of all but the clearly worse. Clear is a difference whose interval excludes 0, corrected
    for the number of comparisons of the model, so that 95 of 100 such intervals hold its rank.
    Models whose best rank is 1 are tied with the best. Source: Mogstad, Romano, Shaikh and Wilhelm
    2024, "Inference for ranks", Section 3 (with Bonferroni's correction in place of theirs).
    """
    known = {model: runs.estimate(model, direction, metric) for model in models}
    estimates = {model: estimate for model, estimate in known.items() if estimate is not None}
    others = max(1, len(estimates) - 1)
    found = {}
    for model, own in estimates.items():
        gaps = [(other - own).interval(1 - (1 - LEVEL) / others)
                for name, other in estimates.items() if name != model]  # fmt: skip
        better, worse = (sum(low > 0 for low, _ in gaps), sum(high < 0 for _, high in gaps))
        found[model] = Ranks(1 + better, len(estimates) - worse)
    return found
