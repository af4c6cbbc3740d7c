"""Claims: the papers' findings, each with its own test on what is printed and on a run.

A claim is tested in one or more *cases*, each an estimate with an interval. A case holds when its
whole 95 % interval exceeds the claim's margin, and stays below the upper one where there is one (an
equivalence test: both one-sided tests reject); it fails when the interval lies outside. The claim
holds when every case does, which needs no correction (Berger 1982, intersection-union test); it
fails when some case does, at a level that Holm's step-down procedure corrects for their number.
Otherwise it is undecided; where the run has no case, it is *not run*.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import inf
from typing import Any

import pandas as pd

from fico_lib.metrics.resampling import Estimate
from fico_lib.runtime.errors import InputError

HOLDS, FAILS, UNDECIDED, NOT_RUN = "holds", "does not hold", "undecided", "not run"
NOT_PRINTED = "not printed"  # in place of the verdict on a paper's own cells
ANY = "the statement names no size, so any difference beyond the uncertainty counts"
ERROR = 0.05  # the two-sided level of all verdicts
POINTS = "points"
FICO, SELFALIGN = "FiCo-ITR", "SelfAlign"
TOPICS = (
    "instance retrieval",
    "category retrieval",
    "query-time attention",
    "screening",
    "encoding and storage",
    "search",
    "fine-grained alignment",
)


@dataclass(frozen=True)
class Above:
    """A closed form that is above all models of a case: its name, value and lead, in percent.

    lead: over the best of these models.
    """

    name: str
    value: float
    lead: float


@dataclass(frozen=True)
class Case:
    """One test of a claim: what is estimated, in which direction, by which metric.

    direction and metric may be empty where they mean nothing, as for a cost. closed_form: the best
    of those above the models that are compared: what these are worth against each other then says
    little of what training gave them.
    """

    what: str
    direction: str
    metric: str
    estimate: Estimate
    closed_form: Above | None = None


Cases = Callable[[Any], Iterable[Case]]  # from a source: a run's results, or printed cells


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a paper says, on what grounds, and how it is tested.

    name: unique; paper, section: where it is said; topic: one of `TOPICS`; statement: in our words;
    evidence: what the paper prints for it, with the place. test: the test in words, with {margin}
    and {upper} where the numbers belong, or "none.".

    cases: yields the test's cases from a source: the results of a run, or printed cells in the same
    form; none where the source lacks what they need. None: no experiment here can test the claim,
    and `lacks` says what it would take. needs: models without which the test would be another one.
    margin, upper: what each estimate must exceed, and stay below; unit: of estimates and margins;
    margin_source: why that many.

    printed: by name, the papers' cells that the test is run on first; not_printed: why there are
    none. erratum: why the test fails on them, where it does: the statement, not the test, is wrong.
    """

    name: str
    statement: str
    section: str
    topic: str
    evidence: str
    test: str
    paper: str = FICO
    cases: Cases | None = None
    lacks: str = ""
    needs: Sequence[str] = ()
    margin: float = 0.0
    upper: float = inf
    unit: str = POINTS
    margin_source: str = ANY
    printed: Mapping[str, Any] = field(default_factory=dict)
    not_printed: str = ""
    erratum: str = ""

    def __post_init__(self) -> None:
        wrong = {
            f"topic '{self.topic}'; expected one of {', '.join(TOPICS)}": self.topic not in TOPICS,
            "cases and lacks; expected exactly one": (self.cases is None) != bool(self.lacks),
            "printed and not_printed; expected exactly one": bool(self.printed)
            == bool(self.not_printed),
            "no margin_source; expected why the margin is what it is": not self.margin_source,
            f"upper {self.upper}; expected more than {self.margin}": self.upper <= self.margin,
        }
        for message, found in wrong.items():
            if found:
                raise InputError(f"claim '{self.name}': {message}")

    def found(self, source: Any) -> list[Case]:
        """The cases that a source has; none where a model that the test needs is not in it."""
        if self.cases is None or (self.needs and not source.has(*self.needs)):
            return []
        return list(self.cases(source))

    def verdicts(self, cases: Sequence[Case]) -> list[str]:
        """The verdict on each case: failing ones by Holm's procedure, as there may be many."""
        intervals = [case.estimate.interval(1 - ERROR) for case in cases]
        inside = [self.margin < low and high < self.upper for low, high in intervals]
        open_, failed = {number for number, held in enumerate(inside) if not held}, set()
        left = len(cases)
        while more := {n for n in open_ if self._outside(cases[n].estimate, ERROR / left)}:
            failed |= more
            open_ -= more
            left = max(1, len(cases) - len(failed))
        return [
            HOLDS if held else FAILS if number in failed else UNDECIDED
            for number, held in enumerate(inside)
        ]

    def _outside(self, estimate: Estimate, error: float) -> bool:
        low, high = estimate.interval(1 - error)
        return high <= self.margin or low >= self.upper

    def slack(self, case: Case) -> float:
        """How far inside the margins the interval of a case lies; negative where it does not."""
        low, high = case.estimate.interval(1 - ERROR)
        return min(low - self.margin, self.upper - high)

    @property
    def needed(self) -> str:
        """What a run must hold for the test, in words."""
        return ", ".join(self.needs) or "what the test compares"

    @property
    def test_in_words(self) -> str:
        """The test with its numbers."""
        return self.test.format(margin=abs(self.margin), upper=self.upper)


@dataclass(frozen=True)
class Verdicts:
    """What a run says of claims. claims: one row per claim and setting; cases: one per case.

    Cases of printed cells have the name of these as their setting.
    """

    claims: pd.DataFrame
    cases: pd.DataFrame = field(metadata={"file": "claim_cases"})

    def __add__(self, other: "Verdicts") -> "Verdicts":
        parts = (self.claims, other.claims), (self.cases, other.cases)
        return Verdicts(*(pd.concat(part, ignore_index=True) for part in parts))

    def of(self, setting: str) -> dict[str, str]:
        """The verdict on each claim in one setting, by its name."""
        rows = self.claims[self.claims["setting"] == setting]
        return dict(zip(rows["claim"], rows["verdict"], strict=True))


def overall(verdicts: Iterable[str]) -> str:
    """The verdict on a claim from those of its cases; not run where there are none."""
    distinct = set(verdicts)
    if not distinct:
        return NOT_RUN
    if FAILS in distinct:
        return FAILS
    return HOLDS if distinct == {HOLDS} else UNDECIDED


def printed_values(cases: Cases, printed: Mapping[str, Any]) -> list[float]:
    """The printed numbers that a claim's cases are about, such as differences."""
    found = [case.estimate.value for source in printed.values() for case in cases(source)]
    return [round(value, 2) for value in found]


def half_of_smallest(cases: Cases, printed: Mapping[str, Any]) -> dict[str, Any]:
    """A margin for "far above": `margin` and `margin_source` of a claim.

    A difference of the printed size is there when at least half of the smallest printed one is.
    """
    found = min(printed_values(cases, printed))
    source = f"half of the smallest of the printed differences, {found:.1f} points"
    return {"margin": round(found / 2, 2), "margin_source": source}


def judge(claims: Iterable[Claim], sources: Mapping[str, Any], chapter: str) -> Verdicts:
    """Test claims on the printed cells and on the results of each setting.

    sources: by the setting's name, what the claims' `cases` take.
    """
    rows: list[dict] = []
    cases: list[dict] = []
    for claim in claims:
        printed = in_paper(claim)
        cases += chain.from_iterable(
            _case_rows(claim, name, claim.found(source)) for name, source in claim.printed.items()
        )
        for setting, source in sources.items():
            found = claim.found(source)
            rows.append(_claim_row(claim, printed, setting, found, chapter))
            cases += _case_rows(claim, setting, found)
    return Verdicts(pd.DataFrame(rows), pd.DataFrame(cases, columns=CASE_COLUMNS))


CASE_COLUMNS = [
    *("claim", "setting", "case", "direction", "metric", "estimate", "low", "high"),
    *("margin", "upper_margin", "unit", "seeds", "verdict", "closed_form"),
]


def in_paper(claim: Claim) -> str:
    """The verdict on the papers' own cells: of all settings together."""
    if not claim.printed:
        return NOT_PRINTED
    found = list(chain.from_iterable(map(claim.found, claim.printed.values())))
    return overall(claim.verdicts(found))


def _claim_row(
    claim: Claim, in_paper: str, setting: str, cases: Sequence[Case], chapter: str
) -> dict:
    row = {
        "claim": claim.name,
        "paper": claim.paper,
        "section": claim.section,
        "topic": claim.topic,
        "statement": claim.statement,
        "evidence": claim.evidence,
        "in_paper": in_paper,
        "in_paper_note": claim.not_printed or claim.erratum,
        "test": claim.test_in_words,
        "setting": setting,
        "verdict": overall(claim.verdicts(cases)),
        "note": "",
        "cases": len(cases),
        "case": "",
        "direction": "",
        "metric": "",
        **_closed_forms(cases),
    }
    if cases:
        decisive = min(cases, key=claim.slack)
        row |= {"case": decisive.what, "direction": decisive.direction, "metric": decisive.metric}
        row |= decisive.estimate.columns("estimate")
        counts = [c.estimate.trainings for c in cases if c.estimate.trainings is not None]
        row["seeds"] = min(counts) if counts else None
    else:
        row["note"] = claim.lacks or f"it needs {claim.needed}, not all of which this run has"
        row |= dict.fromkeys(("estimate", "low", "high", "seeds"))
    return row | _margins(claim) | {"unit": claim.unit, "chapter": chapter}


def _closed_forms(cases: Sequence[Case]) -> dict:
    """The closed form that leads by most in a case, in words, and in how many cases one leads."""
    beaten = [(case.closed_form, case) for case in cases if case.closed_form]
    columns: dict = {"closed_form": "", "closed_form_cases": len(beaten)}
    if beaten:
        form, case = max(beaten, key=lambda pair: pair[0].lead)
        columns["closed_form"] = f"{form.name} {form.value:.1f} ({case.metric}, {case.direction})"
    return columns


def _margins(claim: Claim) -> dict:
    """The margins and why; nothing of a claim without a test."""
    if claim.cases is None:
        return dict.fromkeys(("margin", "upper_margin", "margin_source"))
    return {
        "margin": None if claim.margin == -inf else claim.margin,
        "upper_margin": None if claim.upper == inf else claim.upper,
        "margin_source": claim.margin_source,
    }


def _case_rows(claim: Claim, setting: str, cases: Sequence[Case]) -> list[dict]:
    return [
        {
            "claim": claim.name,
            "setting": setting,
            "case": case.what,
            "direction": case.direction,
            "metric": case.metric,
            **case.estimate.columns("estimate"),
            **_margins(claim),
            "unit": claim.unit,
            "seeds": case.estimate.trainings,
            "verdict": verdict,
            "closed_form": case.closed_form.name if case.closed_form else "",
        }
        for case, verdict in zip(cases, claim.verdicts(cases), strict=True)
    ]
