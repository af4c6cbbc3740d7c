"""What both tasks do with one value per query: the tie rule, and queries with nothing relevant."""

import numpy as np

from fico_lib.metrics import Ties
from fico_lib.metrics.conventions import Conventions

RULES: tuple[Ties, ...] = ("expected", "pessimistic", "optimistic")


def tie_rule(how: Conventions) -> Ties:
    """The rule by which ties are worth what they are, once they are ranked."""
    return "expected" if how.ties == "index" else how.ties  # index: groups of one, no tie left


def skip_empty(values: np.ndarray, empty: np.ndarray, how: Conventions) -> np.ndarray:
    """Values (n,), NaN for the `empty` (n,) queries where the conventions skip them."""
    return np.where(empty, np.nan, values) if how.empty == "skip" else values
