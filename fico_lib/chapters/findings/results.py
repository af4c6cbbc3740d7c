"""Rows of the findings: the claims of every chapter, from its results and from recorded ones."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from fico_lib.report.claims import FAILS, HOLDS
from fico_lib.runtime.errors import InputError

FILE = "claims.csv"
WORDS = (  # may be empty
    *("section", "direction", "metric", "case", "note", "in_paper_note", "closed_form"),
)


def claims(
    folders: Mapping[str, Path], recorded: Iterable[Path], topics: Sequence[str]
) -> pd.DataFrame:
    """The claims of these topics, one row per claim and setting, in the topics' order.

    folders: results by chapter; recorded: folders of recorded results, whose settings are named
    after machine and edition; what these hold beside the chapters' claims, such as claims of
    this study itself, is left out. Columns as in `fico_lib.report.claims`. Raises InputError
    where a chapter's results hold no claims.
    """
    parts = []
    for chapter, folder in folders.items():
        if not (folder / FILE).is_file():
            raise InputError(f"{folder / FILE}: not found; expected the claims of '{chapter}'")
        parts.append(_read(folder))
    known = {claim for part in parts for claim in part["claim"]}
    for folder in recorded:
        if (folder / FILE).is_file():
            where = f" ({folder.name}, {folder.parent.name})"
            rows = _read(folder).assign(setting=lambda rows, end=where: rows["setting"] + end)
            parts.append(rows[rows["claim"].isin(known)])
    rows = pd.concat(parts, ignore_index=True)
    place = rows["topic"].map({topic: number for number, topic in enumerate(topics)})
    kept = rows.assign(place=place).dropna(subset="place")
    return kept.sort_values("place", kind="stable", ignore_index=True).drop(columns="place")


def _read(folder: Path) -> pd.DataFrame:
    rows = pd.read_csv(folder / FILE, dtype=dict.fromkeys(WORDS, str))
    columns = list(dict.fromkeys([*rows, *WORDS]))
    rows = rows.reindex(columns=columns, fill_value="")  # those recorded earlier have fewer
    return rows.fillna(dict.fromkeys(WORDS, ""))


def parted(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows whose verdict is not that of the paper's own table, or fails like that one does."""
    fails = rows["verdict"] == FAILS
    return rows[fails | ((rows["in_paper"] == FAILS) & (rows["verdict"] == HOLDS))]
