"""Progress that a person understands: a bar on a terminal, and events for `fico build` to draw."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

EVENTS = "FICO_EVENTS"  # environment variable: the file to which a step of the study appends


class _Count(MofNCompleteColumn):
    """How many of how many, once that is known."""

    def render(self, task: Task) -> Text:
        return super().render(task) if task.total is not None else Text("")


def bars(console: Console | None = None) -> Progress:
    """The look of every progress bar of the study (written to standard error)."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        _Count(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console or Console(stderr=True),
        transient=False,
    )


def report(**event: object) -> None:
    """Append one event for `fico build` to read; does nothing when no build listens."""
    if path := os.environ.get(EVENTS):
        # One short write to a file opened for appending is atomic on the systems we run on.
        with open(path, "a") as file:
            file.write(json.dumps({"process": os.getpid(), **event}) + "\n")


def track(items: Iterable, what: str | Callable[[], str], total: int | None = None) -> Iterator:
    """Iterate over `items`, showing how far it is.

    what: the step in a person's words, or a function that gives them after each item. Under
    `fico build` events go to its display; on a terminal a bar is drawn; elsewhere nothing.
    """
    words = what if callable(what) else lambda: what
    total = len(items) if total is None else total  # type: ignore[arg-type]
    if os.environ.get(EVENTS):
        last = 0.0
        for i, item in enumerate(items):
            yield item
            if time.monotonic() - last > 0.5 or i + 1 == total:
                last = time.monotonic()
                report(kind="progress", what=words(), done=i + 1, total=total)
    elif sys.stderr.isatty():
        with bars() as progress:
            task = progress.add_task(words(), total=total)
            for item in items:
                yield item
                progress.update(task, advance=1, description=words())
    else:
        yield from items
