"""Claims: the papers' findings, each with its own test on the results of a run.

A claim is tested in one or more *cases*, each an estimate with an interval that must exceed a
margin. The claim holds when every case does, fails when some case clearly does, and is undecided
otherwise: for want of queries or seeds, or because the models it needs were not run.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd

from fico_lib.metrics.resampling import Estimate
from fico_lib.report.runs import Runs

HOLDS, FAILS, UNDECIDED = "holds", "does not hold", "undecided"
ANY = "the statement names no size, so any difference beyond the uncertainty counts"


@dataclass(frozen=True)
class Case:
    """One test of a claim: `estimate`, in percentage points, must exceed `margin`."""

    what: str
    direction: str
    metric: str
    estimate: Estimate
    margin: float = 0.0

    @property
    def verdict(self) -> str:
        """Whether the whole 95 % interval is above the margin, below it, or neither."""
        low, high = self.estimate.interval()
        return HOLDS if low > self.margin else FAILS if high <= self.margin else UNDECIDED


@dataclass(frozen=True)
class Claim:
    """What a paper says, on what grounds, and how a run tests it.

    place, numbers: where in the paper the grounds stand, and what is printed there; criterion: the
    test in words; cases: takes the results and the margin, yields the test's cases, none where the
    models that it needs were not run; margin: in percentage points; margin_source: why that many.
    """

    name: str
    statement: str
    place: str
    numbers: str
    criterion: str
    cases: Callable[[Runs, float], Iterable[Case]]
    margin: float = 0.0
    margin_source: str = ANY

    def rows(self, runs: Runs) -> list[dict]:
        """One tidy row per case, or a single one without numbers where the run has no case."""
        claim = {
            "claim": self.name,
            "statement": self.statement,
            "evidence": f"{self.place}: {self.numbers}" if self.place else self.numbers,
            "test": self.criterion.format(margin=abs(self.margin)),
        }
        rows = []
        for case in self.cases(runs, self.margin):
            rows.append(
                claim
                | {"case": case.what, "direction": case.direction, "metric": case.metric}
                | case.estimate.columns("estimate_percent")
                | {"margin_percent": case.margin, "verdict": case.verdict}
            )
        return rows or [claim | {"case": "", "direction": "", "metric": "", "verdict": UNDECIDED}]


def evaluated(claims: Iterable[Claim], runs: Runs) -> pd.DataFrame:
    """The rows of all claims on the results of a run."""
    return pd.DataFrame([row for claim in claims for row in claim.rows(runs)])


def gap(
    runs: Runs, a: str, b: str, direction: str, metric: str = "R@1", margin: float = 0.0
) -> list[Case]:
    """The case that model `a` exceeds `b` by `margin`; none where one was not run or has no value.

    A partly reranked list has no value beyond its end.
    """
    if not runs.has(a, b):
        return []
    first, second = (runs.estimate(model, direction, metric) for model in (a, b))
    if first is None or second is None:
        return []
    return [Case(f"{a} - {b}", direction, metric, first - second, margin)]


def best_pair(runs: Runs, direction: str, metric: str) -> list[str] | None:
    """The best fine-grained and the best coarse-grained model, or None where there are not both."""
    fine, coarse = (runs.best(runs.models(kind), direction, metric) for kind in ("FG", "CG"))
    return None if fine is None or coarse is None else [fine, coarse]


def overall(verdicts: Iterable[str]) -> str:
    """The verdict on a claim from those of its cases; undecided where there are none."""
    distinct = set(verdicts)
    if FAILS in distinct:
        return FAILS
    return HOLDS if distinct == {HOLDS} else UNDECIDED


def verdicts(frame: pd.DataFrame) -> dict[str, str]:
    """The verdict on each claim of a table of rows, by the claim's name."""
    return {name: overall(part["verdict"]) for name, part in frame.groupby("claim", sort=False)}
