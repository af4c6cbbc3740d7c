"""What a reader of the findings sees: claims by topic, where study and papers part."""

import pandas as pd

from fico_lib.chapters.findings.reasons import reason
from fico_lib.chapters.findings.results import parted
from fico_lib.report.claims import FAILS, NOT_PRINTED, NOT_RUN
from fico_lib.report.claims_table import ABOVE_MEANS, MARKS, VERBS, closed_form, estimated, sign
from fico_lib.report.table import Linked, Table, Text

LEGEND = "; ".join(f"{MARKS[verdict]} {verdict}" for verdict in VERBS) + f", or {NOT_PRINTED}"
PRINTED = "the paper's table"


def of_topic(rows: pd.DataFrame, topic: str) -> Table | Text:
    """The claims of a topic: what the paper's own table and each setting say of it."""
    part = rows[rows["topic"] == topic]
    if part.empty:
        return Text("This topic is not among those to be shown.")
    settings, lines = list(part["setting"].unique()), []
    for _, claim in part.groupby("claim", sort=False):
        first, by = claim.iloc[0], claim.set_index("setting")
        where = f"{first['paper']}, {_place(first['section'])}"
        line = {"claim": Linked(f"{first['statement']}\n{where}", f"{first['chapter']}.html")}
        line[PRINTED] = MARKS[first["in_paper"]]
        line |= {s: _verdict(by.loc[s]) if s in by.index else "" for s in settings}
        lines.append(line)
    above = f"{ABOVE_MEANS}. " if (part["closed_form"] != "").any() else ""
    return Table(
        pd.DataFrame(lines),
        f"{topic.capitalize()}. {LEGEND}. {above}Below a sign: the estimate that decides, with its "
        "95 % interval. A claim leads to its chapter, where the test and its margin stand.",
        words=("claim", PRINTED, *settings),
    )


def _place(section: str) -> str:
    return f"Section {section}" if section[:1].isdigit() else section


def _verdict(row: pd.Series) -> str:
    if row["verdict"] == NOT_RUN:
        return sign(row)
    once = "\none training" if row["seeds"] == 1 else ""
    return f"{sign(row)}\n{estimated(row)}{once}\n{closed_form(row)}".rstrip()


def counts(rows: pd.DataFrame) -> Table:
    """How many claims have which verdict, by topic, over all settings."""
    table = pd.crosstab(rows["topic"], rows["verdict"])
    table = table.reindex(dict.fromkeys(rows["topic"]), columns=list(VERBS), fill_value=0)
    frame = table.reset_index(names="topic")
    return Table(frame, "Verdicts by topic: one for each claim and setting.", words=("topic",))


def differences(rows: pd.DataFrame) -> Table | Text:
    """Where this study and the papers part, or agree that a sentence does not hold; and why."""
    lines = []
    for row in parted(rows).to_dict("records"):
        in_paper = row["in_paper"]
        erratum = f"{row['in_paper_note']}\n" if in_paper == FAILS else ""
        lines.append(
            {
                "claim": Linked(row["statement"], f"{row['chapter']}.html"),
                PRINTED: f"{MARKS[in_paper]} {in_paper}",
                "here": f"{sign(row)} {row['verdict']}\n{row['setting']}: {estimated(row)}\n"
                f"{closed_form(row)}".rstrip(),
                "likeliest reason": f"{erratum}{_reason(row)}".strip(),
            }
        )
    if not lines:
        return Text("No claim was decided otherwise than in the papers' own tables.")
    frame = pd.DataFrame(lines)
    caption = "Claims that do not hold here, and those that hold here and not in the paper's table."
    return Table(frame, caption, words=frame.columns)


def _reason(row: dict) -> str:
    """What differs between the set-ups; nothing where both find the same."""
    return "" if row["in_paper"] == row["verdict"] else reason(row["topic"], row["setting"])


def left_open(rows: pd.DataFrame) -> Table | Text:
    """The claims that no setting tests, and what it would take."""
    open_ = rows.groupby("claim", sort=False).filter(
        lambda part: bool((part["verdict"] == NOT_RUN).all())
    )
    lines = [
        {
            "claim": Linked(row["statement"], f"{row['chapter']}.html"),
            "what it would take": row["note"],
        }
        for row in open_.drop_duplicates("claim").to_dict("records")
    ]
    if not lines:
        return Text("Every claim was tested in some setting.")
    frame = pd.DataFrame(lines)
    return Table(frame, "Claims that were not tested in this run.", words=frame.columns)
