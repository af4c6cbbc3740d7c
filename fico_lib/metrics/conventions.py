"""The conventions of an evaluation: each a named argument, printed with every table."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from fico_lib.metrics import DENOMINATORS, EMPTY, MODES, TIES, Denominator, Empty, Mode, Ties
from fico_lib.metrics.registry import METRICS, MOST, Metric, metric
from fico_lib.runtime.errors import InputError, unknown_name


@dataclass(frozen=True)
class Conventions:
    """How metrics are computed; see the page "How retrieval is evaluated here".

    The defaults are those of the paper's code. The category chapter alone has another one: it
    leaves images without labels out (`empty="skip"`), since nothing is right for them.

    metrics: names such as nDCG@10, computed in both tasks wherever they are defined, in place of
    those that `recall_at` and `map_at` ask for.
    """

    recall_at: tuple[int, ...] = (1, 5, 10)
    map_at: tuple[int | Literal["all"], ...] = (10, 100, "all")
    mode: Mode = MODES[0]
    ties: Ties = TIES[0]
    denominator: Denominator = DENOMINATORS[0]
    empty: Empty = EMPTY[0]
    metrics: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, known in (
            ("mode", MODES), ("ties", TIES), ("denominator", DENOMINATORS), ("empty", EMPTY),
        ):  # fmt: skip
            if not isinstance(getattr(self, name), str) or getattr(self, name) not in known:
                raise unknown_name(name, str(getattr(self, name)), known)
        object.__setattr__(self, "recall_at", _depths("recall_at", self.recall_at, words=()))
        object.__setattr__(self, "map_at", _depths("map_at", self.map_at, words=("all",)))
        object.__setattr__(self, "metrics", metric_names(self.metrics))
        for name in self.metrics:
            metric(name)
        if len(set(self.metrics)) < len(self.metrics):
            raise InputError(f"metrics: found {', '.join(self.metrics)}; expected each once")

    def of(self, task: str) -> list[Metric]:
        """The metrics of a task under these conventions, one for each k."""
        entries = map(metric, self.metrics) if self.metrics else self._by_default(task)
        return [m.under(self.mode, self.denominator) for m in entries if task in m.tasks]

    def _by_default(self, task: str) -> Iterator[Metric]:
        for entry in METRICS.values():
            if entry.task == task and entry.depths not in ("named", "R"):
                for k in getattr(self, entry.depths) if entry.depths else (None,):
                    yield replace(entry, k=k)

    def to_dict(self) -> dict:
        """The conventions as JSON values."""
        unused = ("recall_at", "map_at") if self.metrics else ("metrics",)
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if name not in unused
        }


def metric_names(values: Sequence[str] | str | None) -> tuple[str, ...]:
    """Names of metrics, one or several; none for None."""
    if values is None or isinstance(values, str):
        return () if values is None else (values,)
    try:
        named: tuple[Any, ...] = (values,) if isinstance(values, bytes) else tuple(values)
    except TypeError:
        named = (values,)
    if wrong := [name for name in named if not isinstance(name, str)]:
        raise InputError(f"metrics: found {wrong[0]!r}; expected names such as R@1 and nDCG@10")
    return named


def _depths(name: str, values: Sequence[int | str] | int | str, words: tuple[str, ...]) -> tuple:
    """Checked values of k: whole numbers of at least 1, without repeats."""
    given: Any = values
    try:
        listed = (given,) if isinstance(given, str) else tuple(given)
    except TypeError:
        listed = (given,)
    for k in listed:
        whole = isinstance(k, (int, np.integer)) and not isinstance(k, bool) and 1 <= k <= MOST
        if not whole and not (isinstance(k, str) and k in words):
            also = f" or {' or '.join(map(repr, words))}" if words else ""
            most = f" and at most {MOST}" if isinstance(k, int) and k > MOST else ""
            expected = f"whole numbers of at least 1{most}{also}"
            raise InputError(f"{name}: found {k!r:.60}; expected {expected}")
    depths = tuple(k if isinstance(k, str) else int(k) for k in listed)
    if not depths or len(set(depths)) < len(depths):
        raise InputError(f"{name}: found {list(depths)}; expected at least one k, each once")
    return depths
