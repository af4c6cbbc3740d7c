"""Which models are tied with the best: intervals of ranks, from paired differences."""

from collections.abc import Mapping, Sequence

import pandas as pd

from fico_lib.metrics.ranks import Ranks, rank_intervals
from fico_lib.report.runs import Runs


def place(row: Mapping) -> str:
    """The places that a row's `best_rank` and `worst_rank` leave open; nothing where it has none.

    >>> place({"best_rank": 1.0, "worst_rank": 3.0}), place({"best_rank": None})
    ('1-3', '')
    """
    if pd.isna(row.get("best_rank")):
        return ""
    return str(Ranks(int(row["best_rank"]), int(row["worst_rank"])))


def ranks(runs: Runs, models: Sequence[str], direction: str, metric: str) -> dict[str, Ranks]:
    """The interval of each model's rank among those of `models` that have a value.

    See `fico_lib.metrics.ranks.rank_intervals`.
    """
    known = {model: runs.estimate(model, direction, metric) for model in models}
    return rank_intervals({m: estimate for m, estimate in known.items() if estimate is not None})
