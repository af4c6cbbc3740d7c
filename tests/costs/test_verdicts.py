"""The arithmetic behind the verdicts on the paper's Tables 5 and 6."""

import pytest

from fico_lib.costs.verdicts import VERDICTS, check, close
from fico_lib.report import published
from fico_lib.report.costs.rows import all_facts


@pytest.fixture(scope="module")
def checks():
    known = all_facts()
    return {n: check(published.table(n), known).set_index("cell") for n in (5, 6)}


@pytest.mark.parametrize(("number", "cells"), [(5, 66), (6, 15)])
def test_every_cell_has_a_verdict_and_a_reason(checks, number, cells):
    found = checks[number]
    assert len(found) == cells
    assert set(found["verdict"]) <= set(VERDICTS)
    assert (found["why"].str.len() > 0).all()


EXPECTED = {
    "blip2 embedding_size 1M/5M": ("agrees", 5.722),
    "beit3 embedding_size 1M/5M": ("agrees", 17.166),
    "scan embedding_size 1M/5M": ("float64 artefact", 45.776),
    "imram embedding_size 1M/5M": ("float64 artefact", 45.776),
    "vsrn embedding_size 1M/5M": ("float64 artefact", 91.553),
    "adv64 embedding_size 1M/5M": ("one byte per bit", 0.3576),
    "ucch embedding_size 1M/5M": ("one byte per bit", 0.3576),
    "adv2048 embedding_size 1M/5M": ("unexplained", 11.444),
    "xvlm feature_size 1M/5M": ("agrees", 1126.826),
    "blip2 feature_size 1M/5M": ("unexplained", 4123.211),
    "vilt feature_size 1M/5M": ("unexplained", 1193.047),
    "scan feature_size 1M/5M": ("unexplained", 2944.946),
}


@pytest.mark.parametrize("cell", EXPECTED)
def test_sizes(checks, cell):
    verdict, gib = EXPECTED[cell]
    row = checks[5].loc[cell]
    assert row["verdict"] == verdict
    assert row["computed"] == pytest.approx(gib, rel=2e-4)


def test_the_words_that_would_explain_scans_features(checks):
    assert "77 words" in checks[5].loc["scan feature_size 1M/5M", "why"]


def test_times_that_do_not_grow_with_the_data(checks):
    found = checks[5]["verdict"]
    for cell in ("imram encoding_time 1K/5K", "adv2048 encoding_time 1M/5M",
                 "ucch encoding_time 100K/500K"):  # fmt: skip
        assert found[cell] == "unexplained"
    assert found["dadh encoding_time 1M/5M"] == found["blip2 encoding_time 1K/5K"] == "agrees"


def test_runs_that_did_not_finish_would_not_have_fitted(checks):
    for number in (5, 6):
        stopped = checks[number][checks[number]["printed"] == "DNF"]
        assert len(stopped)
        assert set(stopped["verdict"]) == {"agrees"}


def test_vilts_hours_are_the_only_attention_time_without_an_explanation(checks):
    odd = checks[6][checks[6]["verdict"] != "agrees"]
    assert list(odd.index) == ["vilt attention_time 10K/50K"]
    assert "5,679 times the time for 100 times the pairs" in odd.iloc[0]["why"]


def test_anomalies_of_size_are_those_of_the_published_list(checks):
    """What reading the tables had found suspect is not called plain agreement here."""
    known = published.anomalies(5)
    of_size = known["finding"].str.endswith(("-embedding-size", "-feature-size", "-per-bit"))
    for cell in known.loc[of_size, "cell"]:
        assert checks[5].loc[cell, "verdict"] != "agrees"


@pytest.mark.parametrize(
    ("printed", "value", "computed", "same"),
    [
        ("0.36GiB", 0.36, 0.3576, True),
        ("17.2GiB", 17.2, 17.166, True),
        ("45.75GiB", 45.75, 45.776, True),
        ("11.71GiB", 11.71, 11.444, False),
        ("0.36GiB", 0.36, 0.352, False),
    ],
)
def test_closeness(printed, value, computed, same):
    assert close(printed, value, computed) == same
