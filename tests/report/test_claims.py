"""A claim holds when every case does; a case does when its whole interval exceeds the margin."""

import numpy as np
import pandas as pd
import pytest

from fico_lib.metrics.resampling import Estimate
from fico_lib.report import claims_table as tables
from fico_lib.report.claims import FAILS, HOLDS, UNDECIDED, Case, Claim, overall, rows, verdicts

CLAIM = Claim("x", "X is above Y.", "Table 9: X 3, Y 2.", "x - y above 0")


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
    frame = pd.DataFrame(rows(CLAIM, [case(1, 3), case(-2, 4)]))
    assert frame["verdict"].tolist() == [HOLDS, UNDECIDED]
    assert verdicts(frame) == {"x": UNDECIDED}
    shown = tables.table(frame).frame.iloc[0]
    assert shown["verdict"] == "? undecided"
    assert shown["found here"].startswith("x - y, i2t: 2.0 [1.")
    assert tables.count(frame).markdown == "Of 1 claim tested here, 1 is undecided."


def test_a_claim_whose_models_were_not_run_is_undecided_and_says_so():
    frame = pd.DataFrame([*rows(CLAIM, []), *rows(Claim("y", "Y.", "", ""), [case(1, 2)])])
    assert verdicts(frame) == {"x": UNDECIDED, "y": HOLDS}
    assert "not run" in tables.table(frame).frame.iloc[0]["found here"]
    assert tables.count(frame).markdown == "Of 2 claims tested here, 1 holds, 1 is undecided."
