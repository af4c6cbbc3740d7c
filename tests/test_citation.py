"""CITATION.cff parses and says whom to cite: this software and the two papers."""

from pathlib import Path

import yaml

import fico_lib

CITATION = yaml.safe_load((Path(__file__).parents[1] / "CITATION.cff").read_text(encoding="utf-8"))


def test_required_keys():
    assert CITATION["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= CITATION.keys()
    assert CITATION["type"] == "software"
    assert CITATION["authors"] == [{"name": "The FiCo study authors"}]
    assert CITATION["license"] == "MIT"


def test_version_is_the_librarys():
    assert CITATION["version"] == fico_lib.__version__


def test_the_two_papers_are_references():
    numbers = {reference["identifiers"][0]["value"] for reference in CITATION["references"]}
    assert numbers == {"arXiv:2407.20114", "arXiv:2308.14009"}
    for reference in CITATION["references"]:
        assert {"type", "title", "authors", "year", "url"} <= reference.keys()
        assert all({"family-names", "given-names"} <= who.keys() for who in reference["authors"])
