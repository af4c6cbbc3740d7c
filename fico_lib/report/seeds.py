"""Rows of several trainings as one row each."""

from collections.abc import Sequence

import pandas as pd


def over_seeds(rows: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Numbers averaged over `seed`, a row per `keys`; `seed_deviation` is that of `percent`."""
    grouped = rows.groupby(list(keys), sort=False)
    means = grouped.mean(numeric_only=True).drop(columns="seed")
    if "percent" in rows:
        means["seed_deviation"] = grouped["percent"].std()
    return means.reset_index()
