"""The glossary: every term once, short, and every link to a term leads somewhere."""

import re
from pathlib import Path

import pytest

TEXT = (Path(__file__).parents[2] / "book" / "glossary.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```\{glossary\}\n(.*?)```", TEXT, flags=re.DOTALL)
ENTRIES = [entry.split("\n", 1) for block in BLOCKS for entry in block.strip().split("\n\n")]
TERMS = {term: " ".join(text.split()) for term, text in ENTRIES}
EXPECTED = """
fine-grained, coarse-grained, instance-level retrieval, category-level retrieval, R@k, mAP@k, tie,
chance level, hash code, Hamming distance, dual encoder, fusion encoder, cross-attention, reranking,
query-time attention, Karpathy split, encodings, profile, chapter, direction, dataset, measure,
index, results, denominator, first stage, anomaly
"""


def test_every_term_once():
    assert len(ENTRIES) == len({term.lower() for term, _ in ENTRIES})


def test_the_nouns_of_the_study_are_there():
    assert {term.strip() for term in EXPECTED.replace("\n", " ").split(",")} <= set(TERMS)


@pytest.mark.parametrize("term", TERMS)
def test_definition_is_indented_and_short(term):
    raw = dict(ENTRIES)[term]
    assert not term.startswith(" ")
    assert all(line.startswith("  ") for line in raw.splitlines())
    # A full stop between numbers or before a small letter does not end a sentence.
    sentences = re.findall(r"[.!?](?= [A-Z`{]|$)", TERMS[term])
    assert 1 <= len(sentences) <= 3
    assert TERMS[term].endswith(".") or TERMS[term].endswith(").")


def test_links_lead_to_terms():
    links = re.findall(r"\{term\}`([^`]+)`", TEXT)
    targets = {re.sub(r".*<(.+)>", r"\1", " ".join(link.split())) for link in links}
    assert links
    assert targets <= set(TERMS)
