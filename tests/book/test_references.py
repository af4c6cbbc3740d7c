"""The bibliography parses, and each entry has what its kind needs and nothing malformed."""

import re
from pathlib import Path

import pytest
from pybtex.database import parse_file

from fico_lib.models import MODELS, model_card

BIBLIOGRAPHY = parse_file(str(Path(__file__).parents[2] / "book" / "references.bib"))
ENTRIES = BIBLIOGRAPHY.entries
NEEDED = {
    "article": {"title", "journal", "year"},
    "inproceedings": {"title", "booktitle", "year"},
    "misc": {"title", "year", "eprint"},
}


@pytest.mark.parametrize("key", ENTRIES)
def test_entry(key):
    entry = ENTRIES[key]
    fields = {name.lower(): value for name, value in entry.fields.items()}
    assert fields.keys() >= NEEDED[entry.type]
    assert entry.persons["author"]
    assert all(value.strip() for value in fields.values())
    assert re.fullmatch(r"(19|20)\d\d", fields["year"])
    assert re.fullmatch(r"\d{4}\.\d{4,5}", fields.get("eprint", "0000.00000"))
    assert ("eprint" in fields) == (fields.get("archiveprefix") == "arXiv")
    assert re.fullmatch(r"10\.\d{4,}/\S+", fields.get("doi", "10.0000/x"))
    assert fields.get("url", "https://").startswith("https://")
    assert re.fullmatch(r"\d+(--\d+)?", fields.get("pages", "1"))


@pytest.mark.parametrize("key", ENTRIES)
def test_key_is_author_and_year(key):
    author = ENTRIES[key].persons["author"][0]
    name = "_".join(author.last_names).lower().replace("-", "_")
    name = re.sub(r"[{}\\\"]", "", name)  # as TeX writes accents
    assert key.startswith(f"{name}_{ENTRIES[key].fields['year']}")


def test_no_work_twice():
    titles = [re.sub(r"\W", "", entry.fields["title"]).lower() for entry in ENTRIES.values()]
    assert len(titles) == len(set(titles))
    dois = [entry.fields["doi"].lower() for entry in ENTRIES.values() if "doi" in entry.fields]
    assert len(dois) == len(set(dois))


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_its_paper(name):
    author, *_, year = model_card(name).reference.lower().replace("-", "_").split()
    assert f"{author}_{year}" in ENTRIES
