"""What both tasks do with one value per query: the tie rule, empty queries, the mean."""

import numpy as np

from fico_lib.metrics.conventions import Conventions

RULES = ("expected", "pessimistic", "optimistic")


def tie_rule(how: Conventions) -> str:
    """The rule by which ties are worth what they are, once they are ranked."""
    return "expected" if how.ties == "index" else how.ties  # index: groups of one, no tie left


def skip_empty(values: dict[str, np.ndarray], empty: np.ndarray, how: Conventions) -> dict:
    """Values by name, NaN for the `empty` (n,) queries where the conventions skip them."""
    if how.empty != "skip" or not empty.any():
        return values
    return {name: np.where(empty, np.nan, value) for name, value in values.items()}


def mean(values: np.ndarray) -> float | None:
    """The mean of what is not NaN; None where nothing is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None
