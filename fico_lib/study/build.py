"""Runs a graph with Snakemake, and shows a person how far it is; `fico build` in particular."""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, TaskID

from fico_lib.chapters import CHAPTERS
from fico_lib.runtime import progress
from fico_lib.runtime.errors import BuildError, InputError
from fico_lib.study.plan import plan
from fico_lib.study.repository import OF_PROFILE


@dataclass
class Display:
    """One bar for the whole study and one for each step that is running now."""

    console: Console
    bars: Progress
    whole: TaskID
    rows: dict[int, TaskID] = field(default_factory=dict)
    labels: dict[int, tuple[str, float]] = field(default_factory=dict)
    failures: list[dict] = field(default_factory=list)

    def read(self, event: dict) -> None:
        """Show one event that a step reported."""
        process, kind = event["process"], event["kind"]
        if kind == "start":
            self.labels[process] = event["label"], time.monotonic()
            self.rows[process] = self.bars.add_task(f"  {event['label']}", total=None)
        elif kind == "progress" and process in self.rows:
            label, row = self.labels[process][0], self.rows[process]
            self.bars.update(
                row,
                description=f"  {label}: {event['what']}",
                completed=event["done"],
                total=event["total"],
            )
        elif kind in ("done", "failed") and process in self.rows:
            label, since = self.labels[process]
            self.bars.remove_task(self.rows.pop(process))
            self.bars.advance(self.whole)
            mark = "[green]✓[/]" if kind == "done" else "[red]✗[/]"
            self.console.print(f"{mark} {label}  [dim]{time.monotonic() - since:.0f} s[/]")
        if kind == "failed":
            self.failures.append(event)

    def expect(self, log_text: str) -> None:
        """Learn from Snakemake's log how many steps there are."""
        if found := re.search(r"^total +(\d+)", log_text, re.MULTILINE):
            self.bars.update(self.whole, total=int(found[1]))


@contextmanager
def _alone(repository: Path) -> Iterator[int]:
    """Hold the lock of the study; yields its file descriptor, for Snakemake to inherit.

    The system frees it when the last process that has it ends, so a build whose parent was killed
    keeps others out until its own steps have ended.
    """
    folder = repository / ".snakemake"
    folder.mkdir(exist_ok=True)
    with open(folder / "fico.lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError("another build of this study is running: wait for it") from None
        yield file.fileno()


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Let SIGTERM (a cluster's limit of time) and SIGHUP (a closed terminal) act as Ctrl-C does."""

    def interrupt(number, frame):
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may choose
        return
    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def build(repository: Path, profile: str, cores: int | None, console: Console) -> Path:
    """Bring the study of `profile` up to date; returns the path of the book's index.html."""
    plan(repository, profile)  # wrong parameters are errors here, before anything starts
    pages = repository / "_build" / "html"
    # The chapters too: a result that was deleted is wanted although the book stands.
    targets = ["book", *(f"results/{profile}/{name}" for name in CHAPTERS)]
    kept = pages / OF_PROFILE
    if pages.is_dir() and not (kept.is_file() and kept.read_text() == profile):
        targets += ["--forcerun", "book"]  # the pages are another profile's
    snakemake(repository, "Snakefile", targets, {"profile": profile}, cores, console, profile)
    return pages / "index.html"


def snakemake(
    repository: Path,
    snakefile: str,
    arguments: list[str],
    config: dict[str, str],
    cores: int | None,
    console: Console,
    name: str,
) -> None:
    """Run the targets of a Snakefile and show how far it is; BuildError where a step failed.

    arguments: the targets, with options before them; config: what the Snakefile reads; cores: None
    for all; name: of the log under results/logs/.
    """
    log = repository / "results" / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "snakemake", *arguments]
    command += ["--config", *(f"{key}={value}" for key, value in config.items())]
    command += ["--cores", str(cores or os.cpu_count() or 1), "--directory", str(repository)]
    command += ["--snakefile", str(repository / snakefile)]
    # Keys tell what is up to date, so dates and locks are not asked: a fresh clone has new dates,
    # and a killed run leaves a lock behind.
    command += ["--rerun-triggers", "params", "input", "--rerun-incomplete", "--nolock"]
    command += ["--keep-going"]
    with (
        _alone(repository) as lock,
        _stopped_by_signals(),
        tempfile.TemporaryDirectory() as scratch,
        open(log, "w") as output,
    ):
        events = Path(scratch) / "events"
        events.touch()
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {progress.EVENTS: str(events), "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
            pass_fds=(lock,),
        )
        try:
            failures = _follow(process, events, log, console)
        except KeyboardInterrupt:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
            raise BuildError("interrupted; the same command resumes where it stopped") from None
    if process.returncode:
        raise BuildError(_explain(failures, log, repository))


def _follow(process: subprocess.Popen, events: Path, log: Path, console: Console) -> list[dict]:
    """Draw events until Snakemake ends; returns the failures."""
    with progress.bars(console) as bars, open(events) as reported:
        display = Display(console, bars, bars.add_task("study", total=None))
        while True:
            ended = process.poll() is not None
            display.expect(log.read_text(errors="replace"))
            for line in reported:
                display.read(json.loads(line))
            if ended:
                total = bars.tasks[0].total or 0
                bars.update(display.whole, total=total, completed=bars.tasks[0].completed)
                return display.failures
            time.sleep(0.2)


def _explain(failures: list[dict], log: Path, repository: Path) -> str:
    """What failed, in which cell, with which error, and where to read more."""
    lines = []
    for failure in failures:
        lines.append(f"{failure['label']} failed: {failure['error']}")
        if failure.get("cell"):
            lines += ["", "The cell:", *("    " + x for x in failure["cell"].splitlines()), ""]
        if failure.get("saved"):
            lines.append(f"The notebook up to there: {failure['saved']}")
    if not failures:
        lines += ["Snakemake failed:", *log.read_text(errors="replace").splitlines()[-8:]]
    return "\n".join([*lines, f"The full log: {log.relative_to(repository)}"])
