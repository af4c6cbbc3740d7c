"""Claims and verdicts as a reader sees them."""

import pandas as pd

from fico_lib.report.claims import verdicts
from fico_lib.report.table import Table, Text

SAID = {  # of one claim, of several
    "holds": ("holds", "hold"),
    "does not hold": ("does not hold", "do not hold"),
    "undecided": ("is undecided", "are undecided"),
}
MARKS = {"holds": "✓ holds", "does not hold": "✗ does not hold", "undecided": "? undecided"}


def table(rows: pd.DataFrame) -> Table:
    """One row per claim: what is said, on what grounds, what was asked here, and the verdict."""
    found, lines = verdicts(rows), []
    for name, part in rows.groupby("claim", sort=False):
        first = part.iloc[0]
        lines.append(
            {
                "claim": first["statement"],
                "the paper": first["evidence"],
                "asked here": first["test"],
                "found here": "; ".join(_case(case) for case in part.to_dict("records")),
                "verdict": MARKS[found[name]],
            }
        )
    caption = (
        "What the paper found, and what this run says about it: differences in percentage points "
        "with 95 % intervals. A claim holds when every case does."
    )
    frame = pd.DataFrame(lines)
    return Table(frame, caption, words=frame.columns)


def _case(case: dict) -> str:
    if not case["case"]:
        return "not run: this needs models that the parameters leave out"
    return (
        f"{case['case']}, {case['direction']}: {case['estimate_percent']:.1f} "
        f"[{case['low']:.1f}, {case['high']:.1f}]"
    )


def count(rows: pd.DataFrame) -> Text:
    """How many claims hold, in a sentence."""
    found = list(verdicts(rows).values())
    parts = [f"{found.count(v)} {SAID[v][found.count(v) > 1]}" for v in SAID if v in found]
    claims = "claims" if len(found) > 1 else "claim"
    return Text(f"Of {len(found)} {claims} tested here, {', '.join(parts)}.")
