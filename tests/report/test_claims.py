"""A case holds when its whole interval lies inside the margins; a claim when every case does."""

import numpy as np
import pytest

from fico_lib.metrics.resampling import Estimate
from fico_lib.report import claims_table as tables
from fico_lib.report.claims import (
    CASE_COLUMNS,
    FAILS,
    HOLDS,
    NOT_PRINTED,
    NOT_RUN,
    UNDECIDED,
    Above,
    Case,
    Claim,
    half_of_smallest,
    judge,
    overall,
)
from fico_lib.runtime.errors import InputError

RUN = {"run": None}


def claim(name: str = "x", found=(), **changes) -> Claim:
    parts = {
        "statement": "X is above Y.",
        "section": "5.1",
        "topic": "search",
        "evidence": "Table 9: X 3, Y 2.",
        "test": "x - y above {margin:g}",
        "cases": lambda source: found,
        "not_printed": "no table",
    }
    return Claim(name=name, **parts | changes)


def case(low: float, high: float, trainings: int | None = 2) -> Case:
    draws = np.linspace(low, high, 2001)
    return Case("x - y", "i2t", "R@1", Estimate((low + high) / 2, draws, trainings=trainings))


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
    assert claim(margin=margin).verdicts([case(low, high)]) == [verdict]


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-1, 1, HOLDS),
        (-1, 2.5, UNDECIDED),  # may be more than 2
        (-2.5, 1, UNDECIDED),
        (-3, 3, UNDECIDED),  # no difference is found, and none is excluded
        (2.1, 4, FAILS),
        (-4, -2.1, FAILS),
        (0.5, 1, HOLDS),  # sure to differ, and sure not to differ by much
    ],
)
def test_equivalence_needs_the_whole_interval_between_the_margins(low, high, verdict):
    assert claim(margin=-2, upper=2).verdicts([case(low, high)]) == [verdict]


def test_one_failed_case_fails_the_claim():
    assert overall([HOLDS, HOLDS]) == HOLDS
    assert overall([HOLDS, UNDECIDED]) == UNDECIDED
    assert overall([HOLDS, UNDECIDED, FAILS]) == FAILS
    assert overall([]) == NOT_RUN


def test_failing_sides_are_corrected_for_their_number():
    """A case that just fails alone does not fail among twenty; a clear one does."""
    just, clear = case(-3, 0.05), case(-30, -2)
    assert claim().verdicts([just]) == [FAILS]
    assert claim().verdicts([just, *[case(1, 3)] * 19]) == [UNDECIDED, *[HOLDS] * 19]
    assert claim().verdicts([clear, *[case(1, 3)] * 19]) == [FAILS, *[HOLDS] * 19]


def test_the_correction_is_holm_s_and_not_bonferroni_s():
    """Normal draws with p-values .004, .02 and .04 of failing: Holm's bounds .0083, .0125, .025.

    Bonferroni's bound for all is .0083. With the last at .02, Holm rejects all three, Bonferroni
    only the first.
    """
    quantiles = np.random.default_rng(0).standard_normal(400_000)

    def failing(z: float) -> Case:
        return Case("", "", "", Estimate(-z, quantiles - z))

    first, second, last = failing(2.65), failing(2.3), failing(2.0)
    assert claim().verdicts([first, second, last]) == [FAILS, FAILS, FAILS]
    assert claim().verdicts([second, second, last]) == [UNDECIDED] * 3


def test_rows_say_what_was_found():
    found = judge([claim(found=[case(1, 3), case(-2, 4)])], RUN, "search")
    assert found.cases["verdict"].tolist() == [HOLDS, UNDECIDED]
    assert list(found.cases) == CASE_COLUMNS
    row = found.claims.iloc[0]
    assert found.of("run") == {"x": UNDECIDED}
    assert (row["cases"], row["seeds"], row["chapter"]) == (2, 2, "search")
    assert row["low"] == pytest.approx(-1.85)  # of the case that decides
    shown = tables.table(found).frame.iloc[0]
    assert shown["run"].startswith("? undecided\nx - y, R@1, i2t: +1.0 [-1.")
    assert shown["run"].endswith("(of 2 cases)")
    assert tables.count(found).markdown == "Of 1 claim, on run: 1 is undecided."


def test_one_training_is_said_with_the_verdict():
    one = judge([claim(found=[case(1, 3, trainings=1)])], RUN, "search")
    assert "✓ holds, of these trainings" in tables.table(one).frame["run"][0]
    none = judge([claim(found=[case(1, 3, trainings=None)])], RUN, "search")
    assert "trainings" not in tables.table(none).frame["run"][0]


class Source:
    """Has some models."""

    def __init__(self, *models: str):
        self.models = models

    def has(self, *models: str) -> bool:
        return set(models) <= set(self.models)


def test_what_was_not_run_is_no_verdict_on_the_claim():
    tested = claim("x", [case(1, 2)], needs=("scan", "vse"))
    found = judge([tested], {"a": Source("scan"), "b": Source("scan", "vse")}, "instance")
    assert (found.of("a"), found.of("b")) == ({"x": NOT_RUN}, {"x": HOLDS})
    shown = tables.table(found).frame.iloc[0]
    assert shown["a"] == "– not run\nit needs scan, vse, not all of which this run has"
    assert "Of 1 claim, on a: 1 was not run. Of 1 claim, on b: 1 holds." in repr(
        tables.count(found)
    )
    assert judge([claim()], RUN, "search").of("run") == {"x": NOT_RUN}


def test_a_claim_that_cannot_be_tested_says_what_it_would_take():
    found = judge([claim(cases=None, test="none.", lacks="a larger model")], RUN, "search")
    assert found.of("run") == {"x": NOT_RUN}
    shown = tables.table(found).frame.iloc[0]
    assert (shown["run"], shown["test"]) == ("– not run\na larger model", "none.")


def test_the_printed_cells_are_tested_first():
    def cases(source):
        return [Case("x - y", "", "", Estimate.exact(number)) for number in source]

    printed = {"Table 1": [3.0, 2.0], "Table 2": [1.0]}
    parts = {"cases": cases, "not_printed": "", "printed": printed}
    tested = claim(**parts, **half_of_smallest(cases, printed))
    assert (tested.margin, tested.margin_source) == (
        0.5,
        "half of the smallest of the printed differences, 1.0 points",
    )
    found = judge([tested], {"run": [0.4, 2.0]}, "search")
    assert found.claims["in_paper"].tolist() == [HOLDS]
    assert found.of("run") == {"x": FAILS}
    assert found.cases["setting"].tolist() == ["Table 1", "Table 1", "Table 2", "run", "run"]
    wrong = claim(**parts | {"printed": {"Table 3": [-1.0]}}, erratum="Y is above X")
    row = judge([wrong], {"run": [1.0]}, "search").claims.iloc[0]
    assert (row["in_paper"], row["in_paper_note"], row["verdict"]) == (FAILS, "Y is above X", HOLDS)
    assert judge([claim()], RUN, "search").claims["in_paper"].tolist() == [NOT_PRINTED]


def test_other_units_are_shown_with_their_name():
    slow = claim(found=[Case("a / b", "", "time", Estimate.exact(12.345))], unit="times")
    assert "a / b, time: 12.3 times" in repr(tables.table(judge([slow], RUN, "search")))


def test_claims_of_other_settings_have_a_table_of_their_own():
    found = judge([claim("x"), claim("y")], {"a": None, "b": None}, "category")
    found += judge([claim("z")], {"a and b": None}, "category")
    both, across = tables.tables(found)
    assert (len(both.frame), len(across.frame)) == (2, 1)
    assert [table.frame.columns[-1] for table in (both, across)] == ["b", "a and b"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"topic": "cooking"}, "topic 'cooking'; expected one of"),
        ({"cases": None}, "cases and lacks; expected exactly one"),
        ({"lacks": "time"}, "cases and lacks; expected exactly one"),
        ({"not_printed": ""}, "printed and not_printed; expected exactly one"),
        ({"margin_source": ""}, "no margin_source"),
        ({"margin": 2.0, "upper": 2.0}, "upper 2.0; expected more than 2.0"),
    ],
)
def test_claims_that_say_too_little_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        claim(**changes)


def beaten(low: float, high: float, name: str, lead: float) -> Case:
    """A case in which a closed form leads by so much."""
    plain = case(low, high)
    return Case(plain.what, plain.direction, plain.metric, plain.estimate, Above(name, 20.0, lead))


def test_a_verdict_under_a_closed_form_is_not_plain():
    cases = [case(1, 3), beaten(1, 3, "pairs_float", 2.0), beaten(1, 3, "pairs_binary", 5.0)]
    found = judge([claim(found=cases)], RUN, "search")
    row = found.claims.iloc[0]
    assert (row["verdict"], row["closed_form_cases"]) == (HOLDS, 2)
    assert row["closed_form"] == "pairs_binary 20.0 (R@1, i2t)"  # the larger lead
    assert found.cases["closed_form"].tolist() == ["", "pairs_float", "pairs_binary"]
    table = tables.table(found)
    shown = table.frame["run"][0]
    assert shown.startswith("✓ ▲ holds\n")
    assert shown.endswith("\n▲ pairs_binary 20.0 (R@1, i2t), in 2 of 3 cases")
    assert "▲: in some case a closed form" in table.caption
    assert tables.count(found).markdown == (
        "Of 1 claim, on run: 1 holds. In 1 of them a closed form is above what is compared."
    )


def test_a_verdict_without_one_is_plain():
    found = judge([claim(found=[case(1, 3)]), claim("y")], RUN, "search")
    assert found.claims["closed_form"].tolist() == ["", ""]
    table = tables.table(found)
    assert "▲" not in repr(table) + tables.count(found).markdown
