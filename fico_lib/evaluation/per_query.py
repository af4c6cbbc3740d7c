"""What both tasks do with one value per query: tie rules, empty queries, means, withheld values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fico_lib.evaluation.result import DirectionResult
from fico_lib.metrics import Ties
from fico_lib.metrics.chance import chance
from fico_lib.metrics.conventions import Conventions
from fico_lib.metrics.registry import Metric

RULES: tuple[Ties, ...] = ("expected", "pessimistic", "optimistic")


def tie_rule(how: Conventions) -> Ties:
    """The rule by which ties are worth what they are, once they are ranked."""
    return "expected" if how.ties == "index" else how.ties  # index: groups of one, no tie left


def skip_empty(values: np.ndarray, empty: np.ndarray, how: Conventions) -> np.ndarray:
    """Values (n,), NaN for the `empty` (n,) queries where the conventions skip them."""
    return np.where(empty, np.nan, values) if how.empty == "skip" else values


@dataclass(frozen=True)
class Queries:
    """n evaluated queries of one task and direction.

    relevant: (n,) int64; above: (n,) int64, candidates ranked before the best relevant one, or its
    tie group; clusters: (n,) the image of each; candidates: how many; scored: (n,) candidates that
    have a score, None where all have.
    """

    relevant: np.ndarray
    above: np.ndarray
    clusters: np.ndarray
    candidates: int
    scored: np.ndarray | None

    def means(
        self,
        metrics: Sequence[Metric],
        values: Callable[[Metric, Ties], np.ndarray],
        by_chance: Mapping[Metric, np.ndarray],
        how: Conventions,
        pr: np.ndarray | None = None,
    ) -> DirectionResult:
        """The result. values: the queries' values (n,) of a metric under a tie rule.

        by_chance: those of a random ranking, where these are not `fico_lib.metrics.chance`'s.
        """
        empty, reach, outside = self.relevant == 0, self.candidates, np.zeros(len(self.above), bool)
        if self.scored is not None:
            reach = int(self.scored.min())
            outside = (self.above >= self.scored) & (self.scored < self.candidates)
        found, level, interval, per_query = {}, {}, {}, {}
        for m in metrics:
            name, depth = str(m), m.reach(self.candidates, self.relevant)
            own = skip_empty(values(m, tie_rule(how)), empty, how)
            random = by_chance.get(m)
            if random is None:
                random = chance(m, self.relevant, self.candidates)
            level[name] = m.mean(skip_empty(random, empty, how))
            if depth is None:  # a positive that was not scored stands anywhere below
                withheld = bool(outside.any())
                found[name] = m.mean(np.where(outside, np.inf, own))
                own = np.where(outside, np.nan, own)
            else:
                withheld = depth > reach
                found[name] = None if withheld else m.mean(own)
            per_query[m.column] = own
            if m.unit == "%":
                interval[name] = None if withheld else tuple(
                    m.mean(skip_empty(values(m, rule), empty, how)) for rule in RULES[1:]
                )  # fmt: skip
        return DirectionResult(
            found, level, interval, per_query, self.clusters, len(self.above), self.candidates,
            int(empty.sum()), pr,
        )  # fmt: skip
