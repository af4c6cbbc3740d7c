"""The foundations: each has its parts, computes what the library computes, and is a page."""

import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest
import yaml

from fico_lib.runtime.errors import ChapterError
from fico_lib.study import repository as repo
from fico_lib.study.execute import execute_foundation
from fico_lib.study.foundations import FOUNDATIONS
from fico_lib.study.questions import QUESTIONS

ROOT = Path(__file__).parents[2]
each = pytest.mark.parametrize("name", FOUNDATIONS)


def cells(name):
    return nbformat.read(repo.foundation(ROOT, name), as_version=4).cells


def prose(name):
    return "\n\n".join(cell.source for cell in cells(name) if cell.cell_type == "markdown")


def test_they_come_first_in_the_book_in_their_order():
    first = yaml.safe_load((ROOT / "_toc.yml").read_text())["parts"][0]
    assert [entry["file"] for entry in first["chapters"]] == [
        f"notebooks/foundations/{name}" for name in FOUNDATIONS
    ]
    assert {p.stem for p in (ROOT / "notebooks" / "foundations").iterdir()} == set(FOUNDATIONS)


@each
def test_each_has_its_parts(name):
    text = prose(name)
    assert text.startswith(f"# {FOUNDATIONS[name]}\n")
    for part in ("**After this chapter you can**", "**Before it", "**Time:**"):
        assert part in text.split("## On paper")[0]
    for heading in ("From scratch", "The picture", "Common mistakes", "Exercises", "Next"):
        assert f"## {heading}\n" in text or (heading, name) == ("The picture", "recall")
    assert text.count("\n- **") >= 3
    figures = [c for c in cells(name) if "figure" in c.metadata.get("mystnb", {})]
    assert len(figures) == 1
    assert figures[0].metadata["mystnb"]["image"]["alt"]


@each
def test_the_method_is_code_that_a_student_can_retype_beside_the_library(name):
    shown = [c for c in cells(name) if c.cell_type == "code" and not c.metadata.get("tags")]
    scratch = next(c for c in shown if c.id == "scratch")
    assert 10 <= len(scratch.source.splitlines()) <= 30
    assert "fico_lib" not in scratch.source
    library = next(c for c in shown if c.id == "library")
    assert "from fico_lib" in library.source
    assert "assert " in library.source


@each
def test_its_exercises_are_checked_in_the_page(name):
    labels = re.findall(r"\{exercise-start\}\n:label: (\S+)", prose(name))
    assert 3 <= len(labels) <= 6
    assert set(labels) <= QUESTIONS.keys()
    assert labels == re.findall(r"\{solution-start\} (\S+)", prose(name))


@pytest.fixture
def copy(tmp_path):
    """A repository with the foundations and nothing else."""
    for mark in repo.MARKS:
        (tmp_path / mark).mkdir() if "." not in mark and mark != "Snakefile" else (
            tmp_path / mark
        ).touch()
    shutil.copytree(ROOT / "notebooks" / "foundations", tmp_path / "notebooks" / "foundations")
    return tmp_path


def test_a_cell_that_raises_leaves_what_was_there(copy):
    path = repo.foundation(copy, "retrieval")
    notebook = json.loads(path.read_text())
    notebook["cells"] = [notebook["cells"][0], notebook["cells"][3] | {"source": "1 / 0"}]
    path.write_text(json.dumps(notebook))
    target = repo.executed_foundation(copy, "ci", "retrieval")
    target.parent.mkdir(parents=True)
    target.write_text("earlier")
    with pytest.raises(ChapterError, match="ZeroDivisionError"):
        execute_foundation(copy, "retrieval", target)
    assert target.read_text() == "earlier"
    assert (copy / "results" / "failed" / "retrieval.ipynb").is_file()
    assert [p.name for p in target.parent.iterdir()] == ["retrieval.ipynb"]


@each
def test_each_is_a_page_with_its_outputs(study, name):
    executed = nbformat.read(repo.executed_foundation(study.folder, "ci", name), as_version=4)
    shown = [c for c in executed.cells if c.cell_type == "code"]
    assert all(c.outputs for c in shown if c.id in ("run", "library", "picture"))
    page = study.folder / "_build" / "html" / "notebooks" / "foundations" / f"{name}.html"
    assert FOUNDATIONS[name] in page.read_text()
    assert "../../_static/questions/questions.js" in page.read_text()


def test_an_edit_reruns_it_and_the_book(study):
    with study.edited("notebooks/foundations/ties.ipynb", "## On paper", "## By hand"):
        assert study.pending() == ["book", "foundation"]
