"""The conventions of an evaluation: each a named argument, printed with every table."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from fico_lib.metrics import DENOMINATORS, EMPTY, MODES, TIES, Denominator, Empty, Mode, Ties
from fico_lib.metrics.registry import METRICS, Metric
from fico_lib.runtime.errors import InputError, unknown_name

TASKS = ("instance", "category")


@dataclass(frozen=True)
class Conventions:
    """How metrics are computed; see the page "How retrieval is evaluated here".

    The defaults are those of the paper's code. The category chapter alone has another one: it
    leaves images without labels out (`empty="skip"`), since nothing is right for them.
    """

    recall_at: tuple[int, ...] = (1, 5, 10)
    map_at: tuple[int | Literal["all"], ...] = (10, 100, "all")
    mode: Mode = MODES[0]
    ties: Ties = TIES[0]
    denominator: Denominator = DENOMINATORS[0]
    empty: Empty = EMPTY[0]

    def __post_init__(self) -> None:
        for name, known in (
            ("mode", MODES), ("ties", TIES), ("denominator", DENOMINATORS), ("empty", EMPTY),
        ):  # fmt: skip
            if not isinstance(getattr(self, name), str) or getattr(self, name) not in known:
                raise unknown_name(name, str(getattr(self, name)), known)
        object.__setattr__(self, "recall_at", _depths("recall_at", self.recall_at, words=()))
        object.__setattr__(self, "map_at", _depths("map_at", self.map_at, words=("all",)))

    def metrics(self, task: str) -> list[Metric]:
        """The registered metrics of a task, one for each k."""
        return [
            replace(entry, k=k)
            for entry in METRICS.values()
            if entry.task == task
            for k in (getattr(self, entry.depths) if entry.depths else (None,))
        ]

    def to_dict(self) -> dict:
        """The conventions as JSON values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


def _depths(name: str, values: Sequence[int | str] | int | str, words: tuple[str, ...]) -> tuple:
    """Checked values of k: whole numbers of at least 1, without repeats."""
    given: Any = values
    try:
        listed = (given,) if isinstance(given, str) else tuple(given)
    except TypeError:
        listed = (given,)
    for k in listed:
        whole = isinstance(k, (int, np.integer)) and not isinstance(k, bool) and 1 <= k <= 2**62
        if not whole and not (isinstance(k, str) and k in words):
            also = f" or {' or '.join(map(repr, words))}" if words else ""
            raise InputError(f"{name}: found {k!r:.60}; expected whole numbers of at least 1{also}")
    depths = tuple(k if isinstance(k, str) else int(k) for k in listed)
    if not depths or len(set(depths)) < len(depths):
        raise InputError(f"{name}: found {list(depths)}; expected at least one k, each once")
    return depths
