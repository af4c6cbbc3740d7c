"""The metrics by name. A metric's identity includes its k, as in ir_measures: R@1 is not R@5.

To add one: a function in this folder, an entry in `METRICS`, a test. `evaluate`, `fico evaluate`,
`fico list` and the chapters' estimates read the entry.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from fico_lib.metrics import TASKS
from fico_lib.metrics.average_precision import average_precision, average_precision_at_r
from fico_lib.metrics.discounted_gain import ndcg_at_k
from fico_lib.metrics.precision import precision_at_k, r_precision, recall_at_k
from fico_lib.metrics.radius import precision_within, recall_within
from fico_lib.metrics.recall import first_rank, hit_at_k
from fico_lib.metrics.reciprocal_rank import reciprocal_rank_at_k
from fico_lib.metrics.tie_groups import Ranking
from fico_lib.runtime.errors import InputError, unknown_name

MOST = 2**62  # a larger k is no number of an array


@dataclass(frozen=True)
class Metric:
    """What is measured, and how the evaluation computes it.

    title: its meaning in a few words. task: the one whose results hold it by default, and where the
    chapters look for it. unit: "%" (the functions return fractions, shown as percent, with
    chance-corrected value and tie interval) or "rank".

    per_query: the name of a single query's value, to which k is added; metrics with the same
    function share it. value: the function of all queries at once, (n,) float64; its arguments
    depend on what it reads, and a metric without k takes none:

    - `best`: `value(above, count, relevant, k, ties)`, the tie group of the best relevant
      candidate, each (n,) int64; `fold`: the same among the candidates of the query's fold of
      1,000 images (instance task alone);
    - `ranking`: `value(ranking, k, ties)`, of a `tie_groups.Ranking`; `relevant`, `gain`: the same,
      for functions that call its `precision_of_first`, or its `gain`;
    - `radius`: `value(retrieved, found, total)` within the Hamming radius k (codes, category task).

    denominated: whether `value` has an argument `denominator`. fraction: what replaces `value`
    under the mode `fraction`; it reads the ranking. over_queries: mean or median.

    depths: where the values of k come from: the argument of `evaluate` that holds them; `named`
    for a metric that is computed only where its name is asked for; "" for one without k, and `R`
    for one of those that is cut at R, the number of relevant candidates, and has to be asked for.
    k: "all" stands for all candidates.
    """

    name: str
    title: str
    task: Literal["instance", "category"]
    unit: Literal["%", "rank"]
    per_query: str
    value: Callable[..., np.ndarray]
    reads: Literal["best", "fold", "ranking", "relevant", "gain", "radius"] = "best"
    denominated: bool = False
    fraction: Callable[..., np.ndarray] | None = None
    over_queries: Callable[[np.ndarray], np.floating] = np.mean
    higher_is_better: bool = True
    depths: Literal["recall_at", "map_at", "named", "R", ""] = ""
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
    def has_k(self) -> bool:
        """Whether a k belongs to its name."""
        return self.depths not in ("", "R")

    @property
    def spelling(self) -> str:
        """The name with a place for its k: R@k."""
        return self.name + ("@k" if self.has_k else "")

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks in which it is defined."""
        return (self.task,) if self.reads in ("fold", "radius") else TASKS

    @property
    def scale(self) -> int:
        """What turns the function's values into the unit."""
        return 100 if self.unit == "%" else 1

    def depth(self, candidates: int) -> tuple[int, ...]:
        """k as the functions take it; nothing for a metric without k."""
        if self.k is None:
            return ()
        return (candidates if self.k == "all" else self.k,)

    def reach(self, candidates: int, relevant: np.ndarray) -> int | None:
        """How many of the ranked candidates it looks at; None where it follows a positive."""
        if self.depths == "R":
            return int(relevant.max(initial=0))
        if self.reads in ("fold", "radius", "relevant"):
            return candidates
        return None if self.k is None else min(*self.depth(candidates), candidates)

    def under(self, mode: str, denominator: str) -> "Metric":
        """The metric with the functions of these conventions, which no others change any more."""
        if mode == "fraction" and self.fraction is not None:
            return replace(self, value=self.fraction, fraction=None, reads="ranking")
        if self.denominated:
            return replace(
                self,
                value=partial(self.value, denominator=denominator),
                denominated=False,
                reads="relevant" if denominator == "relevant" else "ranking",
            )
        return replace(self, fraction=None)

    def of_best(self, group: tuple, candidates: int, ties: str) -> np.ndarray:
        """The queries' values (n,) in the unit, from the tie groups (above, count, relevant)."""
        return self.scale * self.value(*group, *self.depth(candidates), ties)

    def of_ranking(self, ranking: Ranking, candidates: int, ties: str) -> np.ndarray:
        """The queries' values (n,) in the unit."""
        if self.reads in ("best", "fold"):
            return self.of_best(ranking.best(), candidates, ties)
        return self.scale * self.value(ranking, *self.depth(candidates), ties)

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
            hit_at_k, fraction=recall_at_k, depths="recall_at",
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
            "MRR", "mean reciprocal rank of the best positive, 0 below the top k", "instance", "%",
            "RR", reciprocal_rank_at_k, depths="named",
        ),
        Metric(
            "COCO-1K", "R@k within each of five folds of 1,000 images", "instance", "%", "COCO-1K",
            hit_at_k, "fold", depths="named",
        ),
        Metric(
            "mAP", "mean average precision in the top k, or of all N candidates", "category", "%",
            "AP", average_precision, "ranking", denominated=True, depths="map_at",
        ),
        Metric(
            "mAP@R", "mean average precision in the top R, of R relevant candidates", "category",
            "%", "AP@R", average_precision_at_r, "ranking", depths="R",
        ),
        Metric(
            "R-Precision", "relevant share of the top R, of R relevant candidates", "category", "%",
            "R-Precision", r_precision, "ranking", depths="R",
        ),
        Metric(
            "P", "precision: relevant share of the top k", "category", "%", "P",
            precision_at_k, "ranking", depths="named",
        ),
        Metric(
            "nDCG", "normalised discounted cumulative gain of the top k", "category", "%", "nDCG",
            ndcg_at_k, "gain", depths="named",
        ),
        Metric(
            "P-radius", "precision within Hamming radius k", "category", "%", "P-radius",
            precision_within, "radius", depths="named",
        ),
        Metric(
            "R-radius", "recall within Hamming radius k", "category", "%", "R-radius",
            recall_within, "radius", depths="named",
        ),
    )
}  # fmt: skip


def metric(name: str) -> Metric:
    """The metric of that name, such as R@5, MedR or mAP@N; InputError with the nearest name.

    >>> metric("R@5").k, str(metric("mAP@N")), metric("mAP@10").column
    (5, 'mAP@N', 'AP@10')
    """
    base, _, depth = name.partition("@")
    if depth.isdecimal() and len(depth) >= len(str(MOST)):
        raise InputError(f"metric {name:.40}: found a k of {len(depth)} digits; expected fewer")
    k: int | Literal["all"] = int(depth) if depth.isdecimal() else "all"
    for entry in (METRICS.get(name), METRICS.get(base)):
        found = entry and _with_k(entry, k)
        if found and str(found) == name:
            return found
    # @R is suggested to nobody who did not write an R.
    known = [str(_with_k(entry, k)) for entry in METRICS.values()]
    near = [n for n in known if not n.endswith("@R") or name[-1:] in ("r", "R")]
    raise unknown_name("metric", name, near)


def _with_k(entry: Metric, k: int | Literal["all"]) -> Metric:
    """The entry at a depth, if it has one; 0 is a Hamming radius alone."""
    if not entry.has_k:
        return entry
    return replace(entry, k=k if k or entry.reads == "radius" else "all")
