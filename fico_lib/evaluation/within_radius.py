"""Hash lookup over a stream of tie groups of codes: what lies within each Hamming radius."""

from threading import Lock

import numpy as np

from fico_lib.metrics.radius import precision_within, recall_within
from fico_lib.metrics.registry import Metric


class RadiusCollector:
    """Precision and recall within some radii of each query, and their means at every radius."""

    def __init__(self, metrics: list[Metric], queries: int, bits: int, skip: bool):
        """skip: whether queries with nothing relevant are left out of the curve."""
        self.metrics, self.bits, self.skip = metrics, bits, skip
        self.radii = {m.k for m in metrics}
        self.retrieved, self.found = (
            {k: np.zeros(queries, np.int64) for k in self.radii} for _ in range(2)
        )
        self.curve, self.queries = np.zeros((2, bits + 1)), 0
        self.lock = Lock()

    def add(self, at: slice, count: np.ndarray, relevant: np.ndarray) -> None:
        """Candidates and relevant ones of the queries `at` by distance: (b, at least bits + 1)."""
        retrieved, found = (v[:, : self.bits + 1].cumsum(1) for v in (count, relevant))
        for k in self.radii:
            radius = min(k, self.bits) if isinstance(k, int) else self.bits
            self.retrieved[k][at], self.found[k][at] = retrieved[:, radius], found[:, radius]
        total = found[:, -1:]
        curves = precision_within(retrieved, found, total), recall_within(retrieved, found, total)
        kept = (total[:, 0] > 0) | (not self.skip)
        with self.lock:
            self.curve += [c[kept].sum(0) for c in curves]
            self.queries += int(kept.sum())

    def values(self, m: Metric, total: np.ndarray) -> np.ndarray:
        """The queries' values (n,) of a metric in its unit; no tie rule changes them."""
        return m.scale * m.value(self.retrieved[m.k], self.found[m.k], total)

    def chance(self, m: Metric, total: np.ndarray, candidates: int) -> np.ndarray:
        """What the same codes give on average when they are dealt out at random, (n,)."""
        retrieved = self.retrieved[m.k]
        return m.scale * m.value(retrieved, retrieved * total / candidates, total)

    def curves(self) -> dict[str, np.ndarray] | None:
        """Mean precision and recall (bits + 1,) within radius 0, 1, ..., bits, as fractions."""
        if not self.queries:
            return None
        precision, recall = self.curve / self.queries
        return {"precision": precision, "recall": recall}
