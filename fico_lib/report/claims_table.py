"""Claims and verdicts as a reader sees them."""

import pandas as pd

from fico_lib.report.claims import (
    ANY,
    FAILS,
    HOLDS,
    NOT_PRINTED,
    NOT_RUN,
    POINTS,
    UNDECIDED,
    Verdicts,
)
from fico_lib.report.table import Table, Text

VERBS = {  # for one claim, for several
    HOLDS: ("holds", "hold"),
    FAILS: ("does not hold", "do not hold"),
    UNDECIDED: ("is undecided", "are undecided"),
    NOT_RUN: ("was not run", "were not run"),
}
ABOVE = "▲"  # beside a verdict, which then is not plain
ABOVE_MEANS = (
    f"{ABOVE}: in some case a closed form, fitted without gradients, is above all models compared; "
    "named is the one with the largest lead"
)
MARKS = {HOLDS: "✓", FAILS: "✗", UNDECIDED: "?", NOT_RUN: "–", NOT_PRINTED: "–"}


def tables(tested: Verdicts) -> list[Table]:
    """One table for the claims that have the same settings."""
    settings = tested.claims.groupby("claim", sort=False)["setting"].agg(tuple)
    of_claim = tested.claims["claim"].map(settings)
    return [
        table(Verdicts(tested.claims[of_claim == together], tested.cases))
        for together in dict.fromkeys(settings)
    ]


def table(tested: Verdicts) -> Table:
    """One row per claim: statement and grounds, test, and the verdicts, one for each setting."""
    settings, lines = list(tested.claims["setting"].unique()), []
    for _, part in tested.claims.groupby("claim", sort=False):
        first, rows = part.iloc[0], part.set_index("setting")
        lines.append(
            {
                "claim": f"{first['statement']}\n{first['paper']}, {_place(first['section'])}",
                "the paper prints": first["evidence"],
                "test": _test(first),
                "in the paper's own table": _in_paper(first),
                **{setting: _verdict(rows.loc[setting]) for setting in settings},
            }
        )
    caption = (
        "The papers' findings, tested on their own printed cells and on this run. A claim holds "
        "when the 95 % interval of every case lies within its margin, and does not hold when one "
        "lies outside (corrected for the number of cases); shown is the case that decides."
    )
    if (tested.claims["closed_form"] != "").any():
        caption = f"{caption} {ABOVE_MEANS}."
    frame = pd.DataFrame(lines)
    return Table(frame, caption, words=frame.columns)


def own_table(tested: Verdicts, before: str = "the first run") -> Table:
    """Claims of the study itself, which no paper prints: grounds, test and verdict.

    before: what came after the claims and their margins.
    """
    settings, lines = list(tested.claims["setting"].unique()), []
    for _, part in tested.claims.groupby("claim", sort=False):
        first, rows = part.iloc[0], part.set_index("setting")
        lines.append(
            {
                "claim": first["statement"],
                "grounds": first["evidence"],
                "test": _test(first),
                **{setting: _verdict(rows.loc[setting]) for setting in settings},
            }
        )
    caption = (
        f"What this study expected, written down with its margins before {before}. A claim "
        "holds when the 95 % interval of every case lies within its margin, and does not hold when "
        "one lies outside (corrected for the number of cases); shown is the case that decides."
    )
    frame = pd.DataFrame(lines)
    return Table(frame, caption, words=frame.columns)


def _place(section: str) -> str:
    return f"Section {section}" if section[0].isdigit() else section


def _test(row: pd.Series) -> str:
    """The test, and why its margin is what it is where there is one."""
    margin = row["margin_source"]
    if pd.isna(margin) or margin == ANY:
        return row["test"]
    return f"{row['test']}\nMargin: {margin}."


def _in_paper(row: pd.Series) -> str:
    note = f"\n{row['in_paper_note']}" if row["in_paper_note"] else ""
    return f"{MARKS[row['in_paper']]} {row['in_paper']}{note}"


def sign(row: pd.Series) -> str:
    """The sign of a verdict, with the mark of a closed form that is above what is compared."""
    return MARKS[row["verdict"]] + (f" {ABOVE}" if row["closed_form"] else "")


def closed_form(row: pd.Series) -> str:
    """Which closed form is above what a claim compares, and how often; "" where none is.

    >>> row = {"closed_form": "pairs_float 23.8 (R@1, i2t)", "closed_form_cases": 3, "cases": 12}
    >>> closed_form(pd.Series(row))
    '▲ pairs_float 23.8 (R@1, i2t), in 3 of 12 cases'
    """
    if not row["closed_form"]:
        return ""
    return (
        f"{ABOVE} {row['closed_form']}, in {row['closed_form_cases']:.0f} of {row['cases']} cases"
    )


def _verdict(row: pd.Series) -> str:
    verdict = f"{sign(row)} {row['verdict']}"
    if row["verdict"] == NOT_RUN:
        return f"{verdict}\n{row['note']}"
    if row["seeds"] == 1:
        verdict += ", of these trainings"
    place = ", ".join(part for part in (row["case"], row["metric"], row["direction"]) if part)
    of = f" (of {row['cases']} cases)" if row["cases"] > 1 else ""
    return f"{verdict}\n{place}: {estimated(row)}{of}\n{closed_form(row)}".rstrip()


def estimated(row: pd.Series) -> str:
    """An estimate with its interval and unit; where it has no uncertainty, the number alone.

    >>> estimated(pd.Series({"estimate": 2.04, "low": -1, "high": 3, "unit": "points"}))
    '+2.0 [-1.0, +3.0]'
    >>> estimated(pd.Series({"estimate": 0.0447, "low": 0.0447, "high": 0.0447, "unit": "GiB"}))
    '0.0447 GiB'
    """
    if row["low"] == row["high"]:  # a number without uncertainty
        sign = "+" if row["unit"] == POINTS else ""
        return f"{row['estimate']:{sign}.3g} {row['unit']}"
    if row["unit"] == POINTS:
        return f"{row['estimate']:+.1f} [{row['low']:+.1f}, {row['high']:+.1f}]"
    return f"{row['estimate']:.3g} [{row['low']:.3g}, {row['high']:.3g}] {row['unit']}"


def count(tested: Verdicts) -> Text:
    """How many claims hold, in a sentence for each setting."""
    sentences = []
    for setting, part in tested.claims.groupby("setting", sort=False):
        verdicts = list(part["verdict"])
        parts = [
            f"{number} {VERBS[verdict][number > 1]}"
            for verdict in VERBS
            if (number := verdicts.count(verdict))
        ]
        claims = "claims" if len(verdicts) > 1 else "claim"
        sentences.append(f"Of {len(verdicts)} {claims}, on {setting}: {', '.join(parts)}.")
        if beaten := int((part["closed_form"] != "").sum()):
            sentences.append(f"In {beaten} of them a closed form is above what is compared.")
    return Text(" ".join(sentences))
