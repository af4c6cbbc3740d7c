"""The tables the papers published, typed from their text: to be shown beside ours.

One CSV file per table of FiCo-ITR (arXiv 2407.20114), one row per printed cell: the exact text
in `printed`, the number read from it in `value`, its `unit`, and a `note`:

    bold             the paper prints the number in bold, its mark for the best of a column
    baseline         the cell is the merged "Baseline (100.0)"
    upper bound      printed as "<0.01s"; the value is the bound
    printed in hours the value is in seconds all the same
    not evaluated    printed as a dash; no value
    not applicable   printed as "n/a"; no value
    did not finish   printed as "DNF"; no value

Table 1 describes models in words, so there a row is a model and each number has its printed text
in a column of its own. `group` is the heading the paper prints the row under. Subscripts of the
paper's names follow a space here: "BLIP-2 NF".
"""

from fico_lib.report.published.layout import wide
from fico_lib.report.published.suspect import anomalies, linked, marked
from fico_lib.report.published.tables import TABLES, table

__all__ = ["TABLES", "anomalies", "linked", "marked", "table", "wide"]
