"""Cells of the published tables that are suspect: marked wherever they are shown, never corrected.

What is odd about them, with the arithmetic, is said in the chapter on the errata, under the name of
the finding.
"""

from functools import cache

import pandas as pd

from fico_lib.report.published.tables import FOLDER, known_table, read
from fico_lib.report.table import Marked

ERRATA = "errata.html"  # the page of the findings, beside those of the other chapters


def anomalies(number: int | None = None) -> pd.DataFrame:
    """Suspect cells of the published tables, one row per cell, of all tables or of table `number`.

    A suspicion is not a correction: `table` gives the number as printed. Found by reading the
    columns and the running text against each other and by arithmetic from Table 1.

    Columns: finding (cells with one cause share it), table (int64), cell (as in `table`), printed.
    Raises InputError for an unknown table.
    """
    frame = read(FOLDER / "anomalies.csv")
    frame["table"] = frame["table"].astype("int64")
    if number is not None:
        frame = frame[frame["table"] == known_table(number)].reset_index(drop=True)
    return frame


@cache
def _findings() -> dict[tuple[int, str], list[str]]:
    """(table, cell) -> the findings that suspect it."""
    return anomalies().groupby(["table", "cell"])["finding"].apply(list).to_dict()


def marked(number: int, cell: str, text: str) -> str | Marked:
    """The text of a cell of table `number`, with a mark for each finding that suspects it.

    cell: as in `table`; text: what is shown of it, as printed or with more lines.
    """
    findings = _findings().get((number, cell))
    if findings is None:
        return text
    return Marked(text, {name: f"{ERRATA}#{name}" for name in findings})


def linked(finding: str, text: str) -> str:
    """HTML of a link to a finding of the errata, for a sentence."""
    return f'<a href="{ERRATA}#{finding}">{text}</a>'
