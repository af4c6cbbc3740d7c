"""The index opens with the findings where there are some, and says so where there are none."""

import shutil
from pathlib import Path

import pytest

from fico_lib.study.book import open_with_findings

BOOK = Path(__file__).parents[2] / "book"


@pytest.fixture
def pages(tmp_path):
    (tmp_path / "pages" / "_static").mkdir(parents=True)
    shutil.copy(BOOK / "opening.md", tmp_path / "pages")
    return tmp_path / "pages"


def test_the_index_includes_the_opening():
    assert "```{include} opening.md\n```" in (BOOK / "index.md").read_text()


def test_sentences_and_figure_take_the_place_of_the_page_that_says_there_are_none(pages, tmp_path):
    results = tmp_path / "findings"
    results.mkdir()
    (results / "opening.md").write_text("- **A question.** An answer.\n")
    (results / "verdicts.svg").write_text("<svg/>")
    open_with_findings(results, pages)
    opening = (pages / "opening.md").read_text()
    assert opening.startswith("- **A question.** An answer.\n")
    assert "```{figure} _static/verdicts.svg" in opening
    assert (pages / "_static" / "verdicts.svg").read_text() == "<svg/>"
    assert "have not been run" not in opening


def test_without_findings_the_page_says_so(pages, tmp_path):
    open_with_findings(tmp_path / "findings", pages)
    assert "have not been run" in (pages / "opening.md").read_text()
    assert not list((pages / "_static").iterdir())
