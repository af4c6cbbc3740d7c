"""Claims and verdicts as a reader sees them."""

import pandas as pd

from fico_lib.report.claims import FAILS, HOLDS, UNDECIDED, verdicts
from fico_lib.report.table import Table, Text

VERBS = {  # for one claim, for several
    HOLDS: ("holds", "hold"),
    FAILS: ("does not hold", "do not hold"),
    UNDECIDED: ("is undecided", "are undecided"),
}
MARKS = {HOLDS: "✓", FAILS: "✗", UNDECIDED: "?"}


def table(rows: pd.DataFrame) -> Table:
    """One row per claim: the statement, the paper's grounds, the test, its result, the verdict."""
    verdict, lines = verdicts(rows), []
    for name, part in rows.groupby("claim", sort=False):
        first = part.iloc[0]
        lines.append(
            {
                "claim": first["statement"],
                "the paper": first["evidence"],
                "test": first["test"],
                "result": "; ".join(_case(case) for case in part.to_dict("records")),
                "verdict": f"{MARKS[verdict[name]]} {verdict[name]}",
            }
        )
    caption = (
        "The paper's findings tested on this run: differences in percentage points with 95 % "
        "intervals. A claim holds when every case does."
    )
    frame = pd.DataFrame(lines)
    return Table(frame, caption, words=frame.columns)


def _case(case: dict) -> str:
    if not case["case"]:
        return "not run: the parameters leave out the models that this needs"
    return (
        f"{case['case']}, {case['direction']}: {case['estimate_percent']:.1f} "
        f"[{case['low']:.1f}, {case['high']:.1f}]"
    )


def count(rows: pd.DataFrame) -> Text:
    """How many claims hold, in a sentence."""
    all_verdicts = list(verdicts(rows).values())
    parts = [
        f"{number} {VERBS[verdict][number > 1]}"
        for verdict in VERBS
        if (number := all_verdicts.count(verdict))
    ]
    claims = "claims" if len(all_verdicts) > 1 else "claim"
    return Text(f"Of {len(all_verdicts)} {claims} tested here, {', '.join(parts)}.")
