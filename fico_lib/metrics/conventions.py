"""The conventions of an evaluation: each a named argument, printed with every table."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from fico_lib.metrics import DENOMINATORS, EMPTY, MODES, TIES
from fico_lib.runtime.errors import InputError, unknown_name

TASKS = ("instance", "category")


@dataclass(frozen=True)
class Conventions:
    """How metrics are computed; see the page "How retrieval is evaluated here"."""

    recall_at: tuple[int, ...] = (1, 5, 10)
    map_at: tuple[int | str, ...] = (10, 100, "all")
    mode: str = "any"
    ties: str = "expected"
    denominator: str = "hits"
    empty: str = "zero"

    def __post_init__(self):
        for name, known in (
            ("mode", MODES), ("ties", TIES), ("denominator", DENOMINATORS), ("empty", EMPTY),
        ):  # fmt: skip
            if getattr(self, name) not in known:
                raise unknown_name(name, str(getattr(self, name)), known)
        object.__setattr__(self, "recall_at", _depths("recall_at", self.recall_at, words=()))
        object.__setattr__(self, "map_at", _depths("map_at", self.map_at, words=("all",)))

    def to_dict(self) -> dict:
        """The conventions as JSON values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


def _depths(name: str, values: Sequence[int | str], words: tuple[str, ...]) -> tuple:
    """Checked values of k: whole numbers of at least 1, without repeats."""
    if isinstance(values, (int, str)):
        values = (values,)
    for k in values:
        whole = hasattr(k, "__index__") and not isinstance(k, bool) and int(k) >= 1
        if not whole and k not in words:
            also = f" or {' or '.join(map(repr, words))}" if words else ""
            raise InputError(f"{name}: found {k!r}; expected whole numbers of at least 1{also}")
    depths = tuple(k if isinstance(k, str) else int(k) for k in values)
    if not depths or len(set(depths)) < len(depths):
        raise InputError(f"{name}: found {list(depths)}; expected at least one k, each once")
    return depths
