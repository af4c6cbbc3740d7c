"""What the cost chapters make of few, wrong or unmeasurable models."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from fico_lib.chapters.attention import results as attention_results
from fico_lib.chapters.attention import tables as attention_tables
from fico_lib.chapters.attention.parameters import AttentionChapter
from fico_lib.chapters.encoding_storage import results as encoding_results
from fico_lib.chapters.encoding_storage import tables as encoding_tables
from fico_lib.chapters.encoding_storage.parameters import EncodingStorageChapter
from fico_lib.costs import measured as clock
from fico_lib.costs.verdicts import check
from fico_lib.report import published
from fico_lib.report.costs import tables as cost_tables
from fico_lib.report.costs.rows import all_facts
from fico_lib.runtime.errors import InputError

SMALL = {"dtype_of": {"ucch": "bfloat16"}, "batch": 2, "seconds": 0.02, "longest": 60.0}
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
    return encoding(measured=["scan", "dadh", "imram"])


@pytest.fixture(scope="module")
def attended():
    return attention(measured=["imram", "scan"])


def test_small_galleries_are_measured_and_large_ones_extrapolated(encoded):
    rows = encoded.galleries.set_index(["model", "images"])
    assert rows.loc[("scan", 1), "kind"] == "measured"
    assert rows.loc[("scan", 2000), "kind"] == "extrapolated"
    assert rows.loc[("vsrn", 2000), "kind"] == "not measured"
    assert "image: not among those to be measured" in rows.loc[("vsrn", 2000), "why_not"]
    assert rows.loc[("dadh", 2000), "why_not"] == "image: out of memory"
    assert rows.loc[("vsrn", 2000), "ideal_seconds"] > 0
    assert "vilt" not in rows.index.get_level_values("model")  # it encodes nothing


def test_weights_beyond_the_memory_do_not_finish_and_tell_their_bytes(encoded):
    row = encoded.steps.set_index(["model", "step"]).loc[[("dadh", "image")]].iloc[0]
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
    assert "not measured out of memory" in repr(shown[3])
    assert "128 to 1" in repr(encoding_tables.takeaways(encoded, checks))


@pytest.mark.parametrize("chapter", ["encoded", "attended"])
def test_no_time_comes_from_fewer_than_five_repeats(chapter, request):
    found = request.getfixturevalue(chapter)
    rows = [found.steps.dropna(subset="seconds_per_item")]
    if chapter == "attended":
        rows.append(found.growth.dropna(subset="seconds"))
    for part in rows:
        assert not part.empty
        assert (part["repeats"] >= 5).all()
        assert (part["fastest_seconds"] <= part["slowest_seconds"]).all()


def test_a_step_has_a_row_for_one_item_and_one_for_its_batch(encoded):
    batches = encoded.steps.set_index(["model", "step"])["batch"]
    for step in ("image", "text"):
        assert batches.loc[[("scan", step)]].to_list() in ([1, 2], [1])  # as time allows


def test_a_shared_encoder_has_one_time_and_says_so(encoded):
    rows = encoded.steps.set_index(["model", "step"])
    for step, parts in (("image", "layer over regions"), ("text", "GRU")):
        same = [rows.loc[[(name, step)]].reset_index(drop=True) for name in ("scan", "imram")]
        pd.testing.assert_frame_equal(*same)
        assert same[0].loc[0, "shared"].startswith(parts)
        assert parts in repr(encoding_tables.steps(encoded))
    assert rows.loc[[("dadh", "text")], "shared"].to_list() == [""] * len(
        rows.loc[[("dadh", "text")]]
    )


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


def test_what_was_not_measured_has_no_time_and_says_why():
    found = attention(measured=["scan", "blip2"], longest=60, memory_gib=0.5)
    kept = found.kept[found.kept["model"] == "blip2"]
    assert kept["seconds_per_query"].isna().all()
    assert (kept["why_not"] != "").all()
    rows = found.galleries[found.galleries["model"] == "blip2"]
    assert rows["seconds"].isna().all()
    assert set(rows["why_not"]) == {"pair: out of memory"}
    shown = repr(attention_tables.kept(found, 4))
    assert "not measured" in shown
    assert "BLIP-2 (pair: out of memory" in shown
    assert "BLIP-2" not in repr(attention_tables.kept_in_words(found, 4))
    assert "BLIP-2 (pair: out of memory" in repr(attention_tables.reranking(found))


def test_small_galleries_that_take_too_long_are_told_and_larger_ones_not_begun(monkeypatch):
    begun = []

    def too_long(run, items, *where, **limits):
        begun.append(items)
        if items == 45:  # all pairs of three images
            raise clock.TooLongError(99.0)
        return clock.Measurement(items, (items / 8,) * 5, 1.0, "cpu", "float32", 1, 0, 0)

    monkeypatch.setattr(attention_results.clock, "measure", too_long)
    values = SMALL | {"growth_images": [1, 2, 3, 4], "growth_k": 1, "longest": 59}
    one = all_facts()["scan"]
    growth = attention_results._growth_rows(one, AttentionChapter.check(values, "test"))
    missing = growth[growth["seconds"].isna()]
    assert dict(zip(missing["pairs"], missing["why_not"], strict=True)) == {
        45: "5 repeats of 45 pairs take 99 s, more than 59 s",
        80: "a smaller gallery takes too long",
        96: "5 repeats of 96 pairs take 60 s, more than 59 s",  # by the rate of the gallery before
    }
    assert not {80, 96} & set(begun)
    assert attention_results._fit_rows(growth)["which"].to_list() == ["best k", "k grows"]


def test_sentences_are_of_the_rows():
    rows = pd.DataFrame(
        {
            "model": ["a", "a", "b", "b", "c"],
            "step": ["text"] * 5,
            "batch": [1, 8, 1, 4, 1],
            "seconds_per_item": [0.4, 0.1, 0.2, 0.3, 1.0],
            "fastest_seconds": [0.3, 0.1, 0.1, 0.15, 1.0],
            "slowest_seconds": [0.5, 0.2, 0.3, 0.4, 1.0],
        }
    )
    found = cost_tables.batching(rows).set_index("model")
    assert found["factor"].to_list() == pytest.approx([4, 2 / 3])
    assert found["beyond_spread"].to_list() == [True, False]
    assert cost_tables.largest_batches(rows)["batch"].to_list() == [8, 4, 1]


def test_what_fills_the_disk_is_computed(attended):
    shown = repr(attention_tables.kept_sides(attended))
    scan = 36 / (36 + 5 * 70)  # both of 1024 values
    assert f"SCAN {100 * scan:.0f} %" in shown
    assert "an image and its 5 texts" in shown


def test_what_batching_and_gathering_cost_is_told(attended):
    told = repr(attention_tables.batching(attended))
    assert "as its Gram form" in told
    assert "a pair takes" in repr(attention_tables.gathering(attended))


def test_nothing_to_measure_is_an_error():
    with pytest.raises(InputError, match=r"measured: found none to measure .no model has such"):
        attention(measured=["ucch"])
    with pytest.raises(InputError, match="blip2: out of memory"):
        encoding(measured=["blip2"], memory_gib=0.001)
