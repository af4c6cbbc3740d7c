"""Claims: what the papers found, each as a test on the rows of a run.

A claim is tested in one or more *cases*, each an estimate with an interval that must exceed a
margin. The claim holds when every case does, does not hold when some case clearly fails, and is
undecided otherwise: for want of queries or seeds, or because the models it needs were not run.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from fico_lib.metrics.resampling import Estimate

HOLDS, FAILS, UNDECIDED = "holds", "does not hold", "undecided"


@dataclass(frozen=True)
class Claim:
    """What a paper says, and on what grounds.

    evidence: the paper's numbers with the place where they stand; test: what is asked of this run,
    in words.
    """

    name: str
    statement: str
    evidence: str
    test: str


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


def overall(verdicts: Iterable[str]) -> str:
    """The verdict on a claim from those of its cases; undecided where there are none."""
    found = set(verdicts)
    if FAILS in found:
        return FAILS
    return HOLDS if found == {HOLDS} else UNDECIDED


def rows(claim: Claim, cases: Iterable[Case]) -> list[dict]:
    """One tidy row per case, or a single one without numbers where the run has no case."""
    about = {
        "claim": claim.name,
        "statement": claim.statement,
        "evidence": claim.evidence,
        "test": claim.test,
    }
    found = []
    for case in cases:
        low, high = case.estimate.interval()
        found.append(
            about
            | {
                "case": case.what,
                "direction": case.direction,
                "metric": case.metric,
                "estimate_percent": case.estimate.value,
                "low": low,
                "high": high,
                "margin_percent": case.margin,
                "verdict": case.verdict,
            }
        )
    return found or [about | {"case": "", "direction": "", "metric": "", "verdict": UNDECIDED}]


def verdicts(frame: pd.DataFrame) -> dict[str, str]:
    """The verdict on each claim of a table of rows, by the claim's name."""
    return {name: overall(part["verdict"]) for name, part in frame.groupby("claim", sort=False)}
