"""A claim holds when every case does; a case does when its whole interval exceeds the margin."""

import numpy as np
import pytest

from fico_lib.metrics.resampling import Estimate
from fico_lib.report import claims_table as tables
from fico_lib.report.claims import (
    FAILS,
    HOLDS,
    UNDECIDED,
    Case,
    Claim,
    evaluated,
    gap,
    overall,
    verdicts,
)
from fico_lib.report.runs import Runs


def claim(name: str, *cases: Case, **changes) -> Claim:
    parts = {"place": "Table 9", "numbers": "X 3, Y 2.", "criterion": "x - y above {margin:g}"}
    return Claim(name, "X is above Y.", **parts | {"cases": lambda runs, margin: cases} | changes)


def case(low: float, high: float, margin: float = 0.0) -> Case:
    draws = np.linspace(low, high, 1001)
    return Case("x - y", "i2t", "R@1", Estimate((low + high) / 2, draws), margin)


@pytest.mark.parametrize(
    ("low", "high", "margin", "verdict"),
    [
        (1, 3, 0, HOLDS),
        (-1, 3, 0, UNDECIDED),
        (-3, -1, 0, FAILS),
        (1, 3, 2, UNDECIDED),
        (1, 3, 4, FAILS),
        (-1, 3, -2, HOLDS),
        (0, 0, 0, FAILS),  # no difference at all is no support
    ],
)
def test_the_interval_decides(low, high, margin, verdict):
    assert case(low, high, margin).verdict == verdict


def test_one_failed_case_fails_the_claim():
    assert overall([HOLDS, HOLDS]) == HOLDS
    assert overall([HOLDS, UNDECIDED]) == UNDECIDED
    assert overall([HOLDS, UNDECIDED, FAILS]) == FAILS
    assert overall([]) == UNDECIDED


def test_rows_and_table_say_what_was_found():
    frame = evaluated([claim("x", case(1, 3), case(-2, 4))], runs=None)
    assert frame["verdict"].tolist() == [HOLDS, UNDECIDED]
    assert verdicts(frame) == {"x": UNDECIDED}
    shown = tables.table(frame).frame.iloc[0]
    assert shown["verdict"] == "? undecided"
    assert shown["result"].startswith("x - y, i2t: 2.0 [1.")
    assert tables.count(frame).markdown == "Of 1 claim tested here, 1 is undecided."


def test_a_claim_whose_models_were_not_run_is_undecided_and_says_so():
    frame = evaluated([claim("x"), claim("y", case(1, 2))], runs=None)
    assert verdicts(frame) == {"x": UNDECIDED, "y": HOLDS}
    assert "not run" in tables.table(frame).frame.iloc[0]["result"]
    assert tables.count(frame).markdown == "Of 2 claims tested here, 1 holds, 1 is undecided."


def test_the_grounds_and_the_criterion_are_written_from_the_parts():
    low = claim("x", margin=-2.0).rows(runs=None)[0]
    assert (low["evidence"], low["test"]) == ("Table 9: X 3, Y 2.", "x - y above 2")
    assert claim("x", place="").rows(runs=None)[0]["evidence"] == "X 3, Y 2."


def test_a_claim_hands_its_margin_to_its_cases():
    chosen = claim("x", margin=2.0, cases=lambda runs, margin: [case(1, 3, margin), case(3, 4)])
    assert [row["margin_percent"] for row in chosen.rows(runs=None)] == [2.0, 0.0]


def test_a_gap_to_a_model_that_was_not_run_is_no_case():
    assert gap(Runs({}, 1, 100), "vse", "dadh", "i2t") == []
