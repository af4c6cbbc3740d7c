"""Builds the book: the pages of book/ and the executed chapters, rendered by Jupyter Book.

The sources are gathered in a folder of their own, so that the book holds the executed notebooks
and nothing else of the repository, and the finished pages replace the old ones at once.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import files
from pathlib import Path

import nbformat

from fico_lib.chapters import CHAPTERS
from fico_lib.runtime.files import write_whole
from fico_lib.study.foundations import FOUNDATIONS
from fico_lib.study.metric_lab import write_grid
from fico_lib.study.questions import write_questions
from fico_lib.study.repository import (
    EXECUTED,
    FOUNDATIONS_FOLDER,
    OF_PROFILE,
    executed_foundation,
)

OPENING = "opening"  # of the index: the findings' sentences under this name, over the page's
FIGURE = "verdicts"  # their figure
FIGURE_OF_OPENING = f"""
```{{figure}} _static/{FIGURE}.svg
:name: fig-opening
:width: 620px
:alt: Stacked bars by topic: how many claims hold, do not hold, are undecided, were not run

The verdicts of {{doc}}`/notebooks/findings`, by topic. Hatched: a closed form, a baseline that is
solved and not trained, is above the models that are compared.
```
"""


class BookError(Exception):
    """Jupyter Book warned or failed; the message holds its words."""


def stage(repository: Path, profile: str, sources: Path) -> None:
    """Gather the book's sources: settings, pages, executed chapters, results, scripts."""
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(repository / name, sources / name)
    shutil.copytree(repository / "book", sources / "book")
    executed = {name: repository / "results" / profile / name / EXECUTED for name in CHAPTERS}
    for name in FOUNDATIONS:
        executed[f"{FOUNDATIONS_FOLDER}/{name}"] = executed_foundation(repository, profile, name)
    (sources / "notebooks" / FOUNDATIONS_FOLDER).mkdir(parents=True)
    for name, path in executed.items():
        notebook = nbformat.read(path, as_version=4)
        if notebook.metadata.get("papermill", {}).get("exception"):
            raise BookError(f"{path} holds an exception: run the chapter again")
        shutil.copy(path, sources / "notebooks" / f"{name}.ipynb")
    open_with_findings(repository / "results" / profile / "findings", sources / "book")
    static = sources / "book" / "_static"
    write_grid(static / "lab" / "grid.js")
    write_questions(static / "questions" / "questions.js")
    # The formulas' script, from a pinned package, so that the pages need no other host.
    script = next(f for f in files("sphinx-mathjax-offline") if f.name == "tex-svg.js")
    shutil.copy(script.locate(), static / script.name)


def open_with_findings(results: Path, pages: Path) -> None:
    """Put sentences and figure of the findings in place of the opening that says there are none."""
    sentences = results / f"{OPENING}.md"
    if sentences.is_file():
        (pages / f"{OPENING}.md").write_text(sentences.read_text() + FIGURE_OF_OPENING)
        shutil.copy(results / f"{FIGURE}.svg", pages / "_static")


def build(repository: Path, profile: str) -> Path:
    """Build the pages and move them to _build/html; returns the path of index.html.

    Every Sphinx warning is an error (BookError), and what stood in _build/html then stays.
    """
    with tempfile.TemporaryDirectory() as scratch:
        sources = Path(scratch) / "sources"
        sources.mkdir()
        stage(repository, profile, sources)
        command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(sources)]
        command += ["--path-output", scratch, "-W", "--keep-going", "--all"]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"NO_COLOR": "1", "PYTHONWARNINGS": "ignore::DeprecationWarning"},
        )
        pages = Path(scratch) / "_build" / "html"
        print(done.stdout, done.stderr, sep="\n")  # into the build's log
        if done.returncode or not (pages / "index.html").is_file():
            said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr).splitlines()
            wrong = [line for line in said if "WARNING" in line or "ERROR" in line]
            raise BookError("\n".join(wrong or said[-15:]).replace(f"{sources}/", ""))
        with write_whole(repository / "_build" / "html") as part:
            shutil.copytree(pages, part, ignore=shutil.ignore_patterns(".doctrees", ".buildinfo"))
            (part / OF_PROFILE).write_text(profile)
    return repository / "_build" / "html" / "index.html"
