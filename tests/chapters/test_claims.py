"""The claims of all chapters: names, grounds, margins, and what the papers' own cells say."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

import pytest

from fico_lib.chapters import CHAPTERS
from fico_lib.report.claims import FAILS, HOLDS, NOT_PRINTED, Claim, in_paper


def every() -> Iterator[tuple[str, Claim]]:
    """(chapter, claim) of all that a chapter's `claims.py` declares without being told anything."""
    for chapter in CHAPTERS:
        name = f"fico_lib.chapters.{chapter}.claims"
        if find_spec(name) is None:
            continue
        for function, declared in vars(import_module(name)).items():
            if function.startswith("claims") and inspect.isfunction(declared):
                yield from ((chapter, claim) for claim in declared())


CLAIMS = list(every())
NAMES = [claim.name for _, claim in CLAIMS]


def test_names_are_unique():
    assert len(set(NAMES)) == len(NAMES) > 40


@pytest.mark.parametrize("claim", [claim for _, claim in CLAIMS], ids=NAMES)
def test_a_claim_says_where_it_is_made_and_on_what_grounds(claim):
    for text in (claim.statement, claim.section, claim.evidence, claim.test, claim.margin_source):
        assert text.strip() == text != ""
    assert claim.statement.endswith(".")
    assert claim.evidence.endswith(".")
    assert claim.test_in_words.endswith(".")
    assert "{" not in claim.test_in_words


@pytest.mark.parametrize("claim", [claim for _, claim in CLAIMS], ids=NAMES)
def test_the_test_of_a_claim_passes_on_the_paper_s_cells_or_there_is_an_erratum(claim):
    found = in_paper(claim)
    if found == NOT_PRINTED:
        assert claim.not_printed
    elif claim.erratum:
        assert found == FAILS, "the test holds on the printed cells: no erratum"
    else:
        assert found == HOLDS, "wrong test, or an erratum that is not written down"
