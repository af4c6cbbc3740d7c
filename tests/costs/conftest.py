"""A clock whose hands the tests turn."""

from collections.abc import Callable
from itertools import chain, repeat

import pytest

from fico_lib.costs import measured


class Hands:
    """The clock of `measured`: it goes on only in a run that takes some time."""

    def __init__(self):
        self.now, self.runs = 0.0, 0

    def __call__(self) -> float:
        return self.now

    def takes(self, *seconds: float) -> Callable[[], None]:
        """A run that takes these seconds, one after the other, and the last ever after."""
        times = chain(seconds, repeat(seconds[-1]))

        def run() -> None:
            self.runs += 1
            self.now += next(times)

        return run


@pytest.fixture
def hands(monkeypatch) -> Hands:
    """The clock of `measured`, in place of the machine's."""
    clock = Hands()
    monkeypatch.setattr(measured, "perf_counter", clock)
    return clock
