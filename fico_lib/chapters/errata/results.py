"""Rows of the errata: one per finding, and one per number of its arithmetic."""

from collections.abc import Sequence

import pandas as pd

from fico_lib.chapters.errata import method, precision, recall, search, storage, times
from fico_lib.chapters.errata.finding import FINDINGS, Finding, Number
from fico_lib.report import published

MODULES = (recall, precision, storage, times, search, method)  # to import them registers findings


def findings() -> dict[str, Finding]:
    """Every finding by its name, in the order of the tables; those of the text come last."""
    last = len(published.TABLES) + 1
    return dict(sorted(FINDINGS.items(), key=lambda item: item[1].table or last))


def written(number: Number) -> str:
    """A number of the arithmetic in words.

    >>> written(Number("all vectors", "5.72GiB", 35.286, "GiB", 2))
    'all vectors: 35.29 GiB (printed: 5.72GiB)'
    """
    value = f"{number.computed:,.{number.decimals}f} {number.unit}".strip()
    beside = f" (printed: {number.printed})" if number.printed else ""
    return f"{number.what}: {value}{beside}"


def errata(severities: Sequence[str]) -> pd.DataFrame:
    """One row per finding of these severities.

    Columns: finding, table (NA for the text), place, title, severity, printed (what the paper has),
    arithmetic (what is computed from its tables; "" where there is nothing to compute), reason (the
    likeliest), source (what the finding rests on).
    """
    rows = [
        {
            "finding": found.name,
            "table": found.table,
            "place": found.place,
            "title": found.title,
            "severity": found.severity,
            "printed": found.says,
            "arithmetic": "; ".join(map(written, found.arithmetic())),
            "reason": found.reason,
            "source": found.source,
        }
        for found in findings().values()
        if found.severity in severities
    ]
    return pd.DataFrame(rows).astype({"table": "Int64"})


def arithmetic(severities: Sequence[str]) -> pd.DataFrame:
    """One row per number: finding, what, printed ("" where the paper has none), computed, unit."""
    return pd.DataFrame(
        [
            {
                "finding": found.name,
                "what": number.what,
                "printed": number.printed,
                "computed": float(number.computed),
                "unit": number.unit,
            }
            for found in findings().values()
            if found.severity in severities
            for number in found.arithmetic()
        ]
    )
