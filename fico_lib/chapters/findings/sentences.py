"""What a reader of the findings takes home: three plain sentences, each with its numbers."""

from collections.abc import Iterator

import pandas as pd

from fico_lib.report.claims import FAILS, HOLDS, NOT_RUN, UNDECIDED
from fico_lib.report.claims_table import ABOVE, VERBS, estimated
from fico_lib.report.table import Text, bullets

# The questions that most readers come with -> for each claim that answers, what it says, and what
# is so where it does not hold.
HEADLINES = {
    "One match, or a category": {
        "fg_above_cg": (
            "every fine-grained model finds more single matches than every code",
            "some code finds more single matches than a fine-grained model",
        ),
        "cg_competitive": (
            "codes keep up for categories",
            "some code falls behind for categories",
        ),
    },
    "Attention at query time": {
        "attention_limited": (
            "attention at query time gains little",
            "attention at query time can gain much",
        ),
        "all_pairs_quadratic": (
            "scoring all pairs costs queries times candidates",
            "scoring all pairs does not cost queries times candidates",
        ),
    },
    "Codes and floats at scale": {
        "codes_smaller": (
            "codes are far smaller than embeddings",
            "codes are less compact than was said",
        ),
        "floats_keep_more": (
            "indexed floats keep far more neighbours",
            "indexed floats do not keep far more neighbours",
        ),
    },
}


def three(rows: pd.DataFrame) -> Text:
    """A sentence for each question that some claim of the rows answers, with its numbers."""
    said = [
        f"**{question}.** {' '.join(_answer(rows, parts))}"
        for question, parts in HEADLINES.items()
        if rows["claim"].isin(parts).any()
    ]
    return bullets(said or ["The claims that answer most readers' questions are not shown here."])


def takeaways(rows: pd.DataFrame) -> Text:
    """The three sentences, and how many claims there are and what becomes of them."""
    claims = rows.drop_duplicates("claim")
    doubtful = int((claims["in_paper"] == FAILS).sum())
    tally = rows["verdict"].value_counts()
    verdicts = ", ".join(_counted(tally[v], v) for v in VERBS if v in tally)
    settings = rows["setting"].nunique()
    where = "setting" if settings == 1 else "settings"
    tested = rows[rows["verdict"] != NOT_RUN]
    beaten = int((tested["closed_form"] != "").sum())
    further = (
        f"Of {len(claims)} claims of two papers, tested in {settings} {where}, {verdicts}. In the "
        f"papers' own tables {_counted(doubtful, FAILS)}."
    )
    if beaten:
        further += (
            f" {beaten} of the {len(tested)} verdicts {'bears' if beaten == 1 else 'bear'} the "
            f"sign {ABOVE}: a closed form is above the trained models that are compared."
        )
    return Text(f"{three(rows)}\n{bullets([further])}")


def _counted(number: int, verdict: str) -> str:
    return f"{number} {VERBS[verdict][int(number != 1)]}"


def _answer(rows: pd.DataFrame, parts: dict[str, tuple[str, str]]) -> Iterator[str]:
    """A sentence, which closed form speaks against it, and the numbers of both claims."""
    shown = rows[rows["claim"].isin(parts)]
    said = [clause(shown[shown["claim"] == name], *parts[name]) for name in parts
            if name in set(shown["claim"])]  # fmt: skip
    sentence = "; ".join(said)
    yield f"{sentence[0].upper()}{sentence[1:]}."
    beaten = shown[shown["closed_form"] != ""]
    if len(beaten):
        yield f"{ABOVE} A closed form is above models that are compared: {_forms(beaten)}."
    tested = shown[shown["verdict"] != NOT_RUN]
    if len(tested):
        yield f"({'; '.join(_numbers(row) for _, row in tested.iterrows())})"


def clause(rows: pd.DataFrame, so: str, not_so: str) -> str:
    """What the verdicts on a claim say, over its settings; those that were not run do not count."""
    found = set(rows["verdict"]) - {NOT_RUN}
    if not found:
        return f"whether {so} was not tested"
    if found == {UNDECIDED}:
        return f"whether {so} is undecided"
    if {HOLDS, FAILS} <= found:
        return f"whether {so} depends on the setting"
    return (so if HOLDS in found else not_so) + (" in some settings" if len(found) > 1 else "")


def _forms(rows: pd.DataFrame) -> str:
    return "; ".join(dict.fromkeys(rows["closed_form"]))


def _numbers(row: pd.Series) -> str:
    """The case that decides, its estimate, and the setting."""
    place = ", ".join(part for part in (row["case"], row["metric"], row["direction"]) if part)
    return f"{place}: {estimated(row)}, {row['setting']}"
