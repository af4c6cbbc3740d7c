"""Timing one item at a time, and in the largest batch of which the time allows enough repeats."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from fico_lib.costs.measured import (
    REPEATS,
    Measurement,
    OutOfMemoryError,
    TooLongError,
    measure,
    memory_told,
    once,
)

Batches = Callable[[int], tuple[Callable[[], object], int]]  # a size -> a run, and its items


@dataclass(frozen=True)
class Budget:
    """What a measurement may take.

    seconds: of the repeats of a batch; batches grow as long as `REPEATS` repeats fit in them;
    longest: what of one item takes longer for `REPEATS` repeats is not measured; memory_bytes:
    weights beyond this are not made; batch: at most so many items at once.
    """

    seconds: float = 1.0
    longest: float = 30.0
    memory_bytes: int = 6 * 10**9
    batch: int = 32


@dataclass(frozen=True)
class Timing:
    """Measurements of one thing, or why there are none.

    measurements: of one item at a time, then of the largest batch where more than one fits; why:
    there are none, in words; needed_bytes: what an allocation that failed would have needed (0
    where memory was not the reason); why_smaller: the largest batch is smaller than the budget's.
    """

    measurements: tuple[Measurement, ...] = ()
    why: str = ""
    needed_bytes: int = 0
    why_smaller: str = ""

    @property
    def largest(self) -> Measurement | None:
        """The measurement of the largest batch; None where there is none at all."""
        return self.measurements[-1] if self.measurements else None


def too_long(what: str, seconds: float, most: float) -> str:
    """Why something is not measured: its repeats take `seconds`, and may take `most`.

    >>> too_long("one", 58.3, 6)
    '5 repeats of one take 58 s, more than 6 s'
    """
    return f"{REPEATS} repeats of {what} take {float(f'{seconds:.2g}'):,g} s, more than {most:g} s"


def in_batches(batches: Batches, device: torch.device, dtype: str, budget: Budget) -> Timing:
    """Measure one item at a time, and in the largest batch up to `budget.batch`.

    A batch is the largest if `REPEATS` repeats of twice as many items do not fit in the seconds of
    the budget, or in memory.
    """
    try:
        alone = _measure(batches, 1, device, dtype, budget)
    except TooLongError as error:
        return Timing(why=too_long("one", error.seconds, budget.longest))
    except OutOfMemoryError as error:
        return Timing(why="out of memory", needed_bytes=error.needed_bytes)
    size, why = _largest(batches, statistics.median(alone.seconds), device, budget)
    if size == 1:
        return Timing((alone,), why_smaller=why)
    try:
        return Timing((alone, _measure(batches, size, device, dtype, budget)), why_smaller=why)
    except (TooLongError, OutOfMemoryError) as error:  # a run took less by itself
        return Timing((alone,), why_smaller=str(error))


def _measure(batches: Batches, size: int, device: torch.device, dtype: str, budget: Budget):
    with memory_told(device):
        run, items = batches(size)
    return measure(run, items, device, dtype, seconds=budget.seconds, longest=budget.longest)


def _largest(
    batches: Batches, seconds: float, device: torch.device, budget: Budget
) -> tuple[int, str]:
    """The largest size, doubling from one of which a run takes `seconds`, and why not the budget's.

    That twice as many items take at most twice as long is taken for granted before they are run.
    """
    size, items = 1, 1
    while size < budget.batch:
        larger = min(2 * size, budget.batch)
        try:
            with memory_told(device):
                run, more = batches(larger)
                if REPEATS * seconds * more / items > budget.seconds:
                    return (
                        size,
                        f"{REPEATS} repeats of {more} would not fit in {budget.seconds:g} s",
                    )
                seconds = once(run, device)
        except OutOfMemoryError:
            return size, f"{larger} at once do not fit in memory"
        size, items = larger, more
    return size, ""


def one_after_the_other(parts: Sequence[Measurement]) -> Measurement:
    """Measurements of the stages of one step as one, of as many items as its smallest batch.

    Its repeats are sums of the stages' per item, the first of each, the second, and so on.
    """
    items = min(part.items for part in parts)
    first = parts[0]
    repeats = zip(*(part.seconds for part in parts), strict=False)
    return Measurement(
        items=items,
        seconds=tuple(
            sum(items * s / part.items for s, part in zip(each, parts, strict=True))
            for each in repeats
        ),
        warm_up_seconds=sum(items * part.warm_up_seconds / part.items for part in parts),
        device=first.device,
        dtype=first.dtype,
        threads=first.threads,
        peak_host_bytes=max(part.peak_host_bytes for part in parts),
        peak_device_bytes=max(part.peak_device_bytes for part in parts),
    )
