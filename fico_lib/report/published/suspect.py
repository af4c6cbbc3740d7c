"""Cells of the published tables that are suspect, and why: shown beside them, never corrected."""

import pandas as pd

from fico_lib.report.published.tables import FOLDER, known_table, read


def anomalies(number: int | None = None) -> pd.DataFrame:
    """Suspect cells of the published tables, one row per cell, of all tables or of table `number`.

    A suspicion is not a correction: `table` gives the number as printed. Found by reading the
    columns and the running text against each other and by arithmetic from Table 1.

    Columns: finding (cells with one cause share it), kind, table (int64), cell (as in `table`; ""
    where the text speaks of a table as a whole), printed, text and section (the sentence of the
    running text, where there is one), why. Kinds: "text" (table and running text disagree), "bold
    is not the maximum", "off its curve", "coincidence", "chance", "arithmetic", "scaling".

    Raises InputError for an unknown table.
    """
    frame = read(FOLDER / "anomalies.csv")
    frame["table"] = frame["table"].astype("int64")
    if number is not None:
        frame = frame[frame["table"] == known_table(number)].reset_index(drop=True)
    return frame
