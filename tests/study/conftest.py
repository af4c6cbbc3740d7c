"""A copy of the study, built once with the tiny profile, for the tests of graph, runs and book.

What is built in the checkout already is copied, and the build makes what is missing or out of date.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fico_lib.study.plan import plan

ROOT = Path(__file__).parents[2]
PROFILE = "ci"
PARTS = ["book", "notebooks", "fico_lib", "parameters", "_config.yml", "_toc.yml", "Snakefile"]


class Study:
    """A copy of the repository, and how to run the command line in it."""

    def __init__(self, folder: Path):
        self.folder = folder
        for name in PARTS:
            source = ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, folder / name)
        (folder / "checkpoints").mkdir()  # without the weights
        shutil.copy(ROOT / "checkpoints" / "Snakefile", folder / "checkpoints")
        # The copy's library comes before the installed one, also in the notebooks' kernels.
        self.environment = os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "200"}
        self.environment.pop("FICO_EVENTS", None)

    def take_what_is_built(self) -> None:
        """Copy what the checkout has of the tiny profile, with Snakemake's record of what it is."""
        built = plan(ROOT, PROFILE)
        keys = {"features": built.features, "encodings": built.encodings, "models": built.weights}
        places = [f"cache/{kind}/{key}" for kind, found in keys.items() for key in found]
        for place in (*places, f"results/{PROFILE}", "_build/html", ".snakemake/metadata"):
            if (ROOT / place).is_dir():
                shutil.copytree(ROOT / place, self.folder / place)
        for card in (ROOT / "checkpoints").glob("*/*.json"):  # the chapter on the models shows them
            copy = self.folder / "checkpoints" / card.parent.name / card.name
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(card, copy)

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
        """`python -m ARGUMENTS` in the copy."""
        command = [sys.executable, "-m", *arguments]
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=check,
            timeout=600,  # a slow machine; a hung build still ends
        )

    @contextmanager
    def edited(self, path: str, old: str, new: str) -> Iterator[None]:
        """The copy with the first `old` of a file replaced."""
        file = self.folder / path
        before = file.read_text()
        assert old in before
        file.write_text(before.replace(old, new, 1))
        try:
            yield
        finally:
            file.write_text(before)

    @contextmanager
    def added(self, path: str, text: str) -> Iterator[None]:
        """The copy with one more file."""
        file = self.folder / path
        assert not file.exists()
        file.write_text(text)
        try:
            yield
        finally:
            file.unlink()

    def pending(self) -> list[str]:
        """The jobs that a build would run now, as 'rule' or 'rule: chapter', sorted."""
        done = self.run(
            *("snakemake", "book", "--config", f"profile={PROFILE}", "--cores", "1", "--dry-run"),
            *("--rerun-triggers", "params", "input", "--nolock", "--printshellcmds"),
            "--rerun-incomplete",
        )
        commands = [x.split() for x in done.stdout.splitlines() if " fico_lib step " in x]
        jobs = [x[x.index("step") + 1 :] for x in commands]
        return sorted(f"{job[0]}: {job[2]}" if job[0] == "chapter" else job[0] for job in jobs)


@pytest.fixture(scope="session")
def study(tmp_path_factory) -> Study:
    """A built copy. Tests that edit it restore what they edit."""
    copy = Study(tmp_path_factory.mktemp("study"))
    copy.take_what_is_built()
    done = copy.run("fico_lib", "build", "--profile", PROFILE, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "_build/html/index.html"
    return copy


@pytest.fixture(scope="session")
def unbuilt_study(tmp_path_factory) -> Study:
    """A copy in which nothing is built."""
    return Study(tmp_path_factory.mktemp("unbuilt"))
