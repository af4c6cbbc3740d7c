"""The metrics by name. A metric's identity includes its k, as in ir_measures: R@1 is not R@5.

To add one: a function in this folder, an entry in `METRICS`, a test. `evaluate`, `fico evaluate`,
`fico list` and the chapters' estimates read the entry.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from fico_lib.metrics.average_precision import average_precision
from fico_lib.metrics.recall import first_rank, hit_at_k, recalled_at_k
from fico_lib.runtime.errors import unknown_name


@dataclass(frozen=True)
class Metric:
    """What is measured, and how the evaluation computes it.

    title: its meaning in a few words. task: whose relevance it judges. unit: "%" (the functions
    return fractions, shown as percent, with chance-corrected value and tie interval) or "rank".

    per_query: the name of a single query's value, to which k is added; metrics with the same
    function share it. value: the function of all queries at once, (n,) float64. For the instance
    task `value(above, count, relevant, k, ties)`, of the tie group of the best positive, each (n,)
    int64; for the category task `value(ranking, k, denominator, ties)`, of `OptimisticSums` or
    `GroupedPrecision`. each: the same of the group of every single positive, which replaces `value`
    under the mode `fraction`. over_queries: mean or median.

    depths: the argument of `evaluate` that holds the values of k, "" for a metric without k, whose
    functions then take none. k: "all" stands for all candidates.
    """

    name: str
    title: str
    task: Literal["instance", "category"]
    unit: Literal["%", "rank"]
    per_query: str
    value: Callable[..., np.ndarray]
    each: Callable[..., np.ndarray] | None = None
    over_queries: Callable[[np.ndarray], np.floating] = np.mean
    higher_is_better: bool = True
    depths: Literal["recall_at", "map_at", ""] = ""
    k: int | Literal["all"] | None = None

    def __str__(self) -> str:
        return self.name + self._at

    @property
    def column(self) -> str:
        """The name of a single query's value, such as AP@10 of mAP@10."""
        return self.per_query + self._at

    @property
    def _at(self) -> str:
        return "" if self.k is None else f"@{'N' if self.k == 'all' else self.k}"

    @property
    def spelling(self) -> str:
        """The name with a place for its k: R@k."""
        return self.name + ("@k" if self.depths else "")

    @property
    def scale(self) -> int:
        """What turns the function's values into the unit."""
        return 100 if self.unit == "%" else 1

    def depth(self, candidates: int) -> tuple[int, ...]:
        """k as the functions take it, at most all candidates; nothing for a metric without k."""
        if self.k is None:
            return ()
        return (candidates if self.k == "all" else min(self.k, candidates),)

    def mean(self, values: np.ndarray) -> float | None:
        """`over_queries` of what is not NaN; None where nothing is, or where it is infinite."""
        known = values[~np.isnan(values)]
        value = float(self.over_queries(known)) if len(known) else np.inf
        return value if np.isfinite(value) else None


METRICS = {
    entry.name: entry
    for entry in (
        Metric(
            "R", "recall: queries with a positive in the top k", "instance", "%", "R",
            hit_at_k, recalled_at_k, depths="recall_at",
        ),
        Metric(
            "MedR", "median rank of the best positive", "instance", "rank", "rank",
            first_rank, over_queries=np.median, higher_is_better=False,
        ),
        Metric(
            "MeanR", "mean rank of the best positive", "instance", "rank", "rank",
            first_rank, higher_is_better=False,
        ),
        Metric(
            "mAP", "mean average precision in the top k, or of all N candidates", "category", "%",
            "AP", average_precision, depths="map_at",
        ),
    )
}  # fmt: skip


def metric(name: str) -> Metric:
    """The metric of that name, such as R@5, MedR or mAP@N; InputError with the nearest name.

    >>> metric("R@5").k, str(metric("mAP@N")), metric("mAP@10").column
    (5, 'mAP@N', 'AP@10')
    """
    depth = name.partition("@")[2]
    k: int | Literal["all"] = int(depth) if depth.isdecimal() and int(depth) else "all"
    entries = (replace(entry, k=k) if entry.depths else entry for entry in METRICS.values())
    known = {str(entry): entry for entry in entries}
    if name not in known:
        raise unknown_name("metric", name, known)
    return known[name]
