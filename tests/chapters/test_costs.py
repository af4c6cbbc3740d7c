"""What the cost chapters make of few, wrong or unmeasurable models."""

from itertools import pairwise

import numpy as np
import pytest

from fico_lib.chapters.attention import results as attention_results
from fico_lib.chapters.attention import tables as attention_tables
from fico_lib.chapters.attention.parameters import AttentionChapter
from fico_lib.chapters.encoding_storage import results as encoding_results
from fico_lib.chapters.encoding_storage import tables as encoding_tables
from fico_lib.chapters.encoding_storage.parameters import EncodingStorageChapter
from fico_lib.costs.verdicts import check
from fico_lib.report import published
from fico_lib.report.costs import tables as cost_tables
from fico_lib.runtime.errors import InputError

SMALL = {"dtype_of": {"ucch": "bfloat16"}, "batch": 2, "seconds": 0.02, "longest": 2.0}
SMALL |= {"memory_gib": 0.2, "threads": 1, "device": "cpu"}


def encoding(**values):
    # A batch covers a gallery of one image.
    sizes = {"galleries": [1, 2000], "texts_per_image": 1, "limit_gib": 0.5}
    chapter = EncodingStorageChapter.check(SMALL | sizes | values, "test")
    return encoding_results.measure(chapter)


def attention(**values):
    sizes = {"galleries": [2, 2000], "limit_gib": 1.0, "rerank_k": [4], "rerank_share": 0.5}
    sizes |= {"growth_images": [2, 4, 8], "growth_k": 2}
    return attention_results.measure(AttentionChapter.check(SMALL | sizes | values, "test"))


@pytest.fixture(scope="module")
def encoded():
    return encoding(measured=["scan", "dadh"])


def test_small_galleries_are_measured_and_large_ones_extrapolated(encoded):
    rows = encoded.galleries.set_index(["model", "images"])
    assert rows.loc[("scan", 1), "kind"] == "measured"
    assert rows.loc[("scan", 2000), "kind"] == "extrapolated"
    assert rows.loc[("vsrn", 2000), "kind"] == "not measured"
    assert rows.loc[("vsrn", 2000), "ideal_seconds"] > 0
    assert "vilt" not in rows.index.get_level_values("model")  # it encodes nothing


def test_weights_beyond_the_memory_do_not_finish_and_tell_their_bytes(encoded):
    row = encoded.steps.set_index(["model", "step"]).loc[("dadh", "image")]
    assert np.isnan(row["seconds_per_item"])
    assert row["why_not"] == "out of memory"
    widths = (4096, 8192, 4096, 2048, 64)
    weights = sum(a * b + b for a, b in pairwise(widths)) + 2 * sum(widths[1:-1])  # and the norms
    assert row["needed_gib"] * 2**30 == pytest.approx(4 * weights)
    assert "DNF" in repr(encoding_tables.beside_table_5(encoded))


def test_a_gallery_that_does_not_fit_is_marked(encoded):
    rows = encoded.galleries.set_index(["model", "images"])
    assert not rows.loc[("scan", 2000), "finishes"]
    assert rows.loc[("scan", 1), "finishes"]


def test_what_a_reader_sees_tells_of_every_model(encoded):
    checks = check(published.table(5), encoded.known)
    shown = [encoding_tables.facts(encoded), encoding_tables.storage(encoded)]
    shown += [cost_tables.verdicts(checks, 5), encoding_tables.steps(encoded)]
    for table in shown[:2]:
        assert all(one.title in repr(table) for one in encoded.known.values())
    assert "not run" in repr(shown[3])
    assert "128 to 1" in repr(encoding_tables.takeaways(encoded, checks))


def test_attention_of_one_model():
    found = attention(measured=["imram"])
    assert set(found.budgeted()) == {"imram"}
    assert set(found.growth["which"]) == {"all pairs", "best k", "k grows"}
    pairs = found.growth.set_index(["which", "images"])["pairs"]
    assert pairs["all pairs", 8] == 8 * 40
    assert pairs["best k", 8] == 8 * 2 + 40 * 2
    assert pairs["k grows", 8] == 8 * 8 + 40 * 8
    assert "IMRAM" in repr(attention_tables.kept(found, 4))
    assert "85.9 h" in repr(attention_tables.vilt_explained(found))


def test_nothing_to_measure_is_an_error():
    with pytest.raises(InputError, match=r"measured: found none to measure .no model has such"):
        attention(measured=["ucch"])
    with pytest.raises(InputError, match="blip2: out of memory"):
        encoding(measured=["blip2"], memory_gib=0.001)
