"""The k-occurrence of candidates over a stream of score blocks."""

from threading import Lock

import numpy as np

from fico_lib.metrics.hubness import chance_skewness, skewness


class HubCollector:
    """How many of the queries have each candidate among their first k.

    Candidates that tie for the last places share these: the mean over all orders.
    """

    def __init__(self, queries: int, candidates: int, k: int):
        self.queries, self.candidates, self.k = queries, candidates, min(k, candidates)
        self.occurrence, self.lock = np.zeros(candidates), Lock()

    def add(self, at: slice, scores) -> None:
        """Take the scores (b, m) of the queries `at`; numpy or torch."""
        if isinstance(scores, np.ndarray):
            place = self.candidates - self.k
            last = np.partition(scores, place, axis=1)[:, place, None]
        else:
            last = scores.topk(self.k, dim=1).values[:, -1:]
        above, equal = scores > last, scores == last
        share = (self.k - above.sum(1)) / equal.sum(1)
        found = (above + equal * share[:, None]).sum(0)
        found = found if isinstance(found, np.ndarray) else found.cpu().numpy()
        with self.lock:
            self.occurrence += found

    def result(self, scored: np.ndarray | None) -> dict:
        """k, skewness (None where fewer than k candidates were scored), its chance level, the most.

        largest: the share of the queries that have the most frequent candidate in their first k.
        """
        withheld = scored is not None and int(scored.min()) < self.k
        return {
            "k": self.k,
            "skewness": None if withheld else skewness(self.occurrence),
            "chance": chance_skewness(self.queries, self.candidates, self.k),
            "largest": None if withheld else float(self.occurrence.max() / self.queries),
        }
