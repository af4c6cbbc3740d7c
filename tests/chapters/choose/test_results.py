"""Recommendations from small results whose best can be told by hand."""

import pandas as pd
import pytest

from fico_lib.chapters import CHAPTERS
from fico_lib.chapters.choose import figures, tables
from fico_lib.chapters.choose.costs import Search, searches
from fico_lib.chapters.choose.parameters import ChooseChapter
from fico_lib.chapters.choose.results import (
    CATEGORY,
    INSTANCE,
    choices,
    left_out,
    quality,
    systems,
)
from fico_lib.report.table import Text
from fico_lib.runtime.errors import InputError

SMALL = {"galleries": [1000, 100_000], "latency_ms": [60.0, 2000.0], "bytes_per_image": [32, 1e6]}


@pytest.fixture
def parameters():
    return ChooseChapter.check(SMALL, "test")


@pytest.fixture
def found(folders, parameters):
    return systems(folders, parameters)


@pytest.fixture
def chosen(found, parameters):
    return choices(found, parameters)


def one(rows, **where):
    for column, value in where.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1, rows
    return rows.iloc[0]


def test_quality_is_that_of_sentences_on_the_first_data_set(folders, parameters):
    rows = quality(folders, parameters)
    assert one(rows, task=INSTANCE, model="scan")["percent"] == 40.0
    assert one(rows, task=CATEGORY, model="dadh")[["percent", "low"]].tolist() == [55.0, 54.0]
    assert set(rows["metric"]) == {"R@1", "mAP@N"}


def test_a_query_is_its_text_and_its_search(found):
    """BEiT-3: 50 ms of text, and exact search of 768 components, 2 ms for 1000 of 100."""
    row = one(found, task=INSTANCE, model="beit3", search="exact", images=100_000)
    assert row["milliseconds"] == pytest.approx(50 + 2 * 100 * 7.68)
    assert row["bytes_per_image"] == 4 * 768
    assert row["kept_percent"] == 100
    graph = one(found, task=INSTANCE, model="beit3", search="HNSW", images=100_000)
    # The fastest setting that keeps 95 %: 0.2 ms; log(100,000) / log(1000) = 5 / 3.
    assert graph["milliseconds"] == pytest.approx(50 + 0.2 * 5 / 3 * 7.68)
    assert graph["bytes_per_image"] == 4 * 768 + 200
    assert graph["expected_percent"] == pytest.approx(24.0 * 0.96)


def test_codes_lose_by_their_index_only_what_comparing_all_codes_would_find(found):
    row = one(found, task=INSTANCE, model="adv64", search="IVF of codes", images=1000)
    assert row["kept_percent"] == pytest.approx(75.0)  # 30 of 40
    assert row["milliseconds"] == pytest.approx(10 + 0.1)
    assert row["bytes_per_image"] == 8 + 8
    assert one(found, task=INSTANCE, model="adv64", search="all codes", images=1000)[
        ["kept_percent", "bytes_per_image"]
    ].tolist() == [100, 8]


def test_attention_scores_every_image(found):
    row = one(found, task=INSTANCE, model="scan", images=1000)
    assert (row["kind"], row["search"]) == ("all pairs", "all pairs")
    assert row["milliseconds"] == pytest.approx(10 + 1000 * 1.0)  # 1 ms a pair of one query
    assert row["bytes_per_image"] == 36 * 1024 * 4


def test_fusion_ranks_the_best_again(folders, parameters):
    for name, steps in (("encoding_storage", {"text": 0.02}), ("attention", {"pair": 0.1})):
        path = folders[name] / "steps.csv"
        more = [{"model": "xvlm", "step": s, "seconds_per_item": t} for s, t in steps.items()]
        pd.concat([pd.read_csv(path), pd.DataFrame(more)]).to_csv(path, index=False)
    path = folders["instance"] / "means.csv"
    rows = pd.read_csv(path)
    scan = rows[rows["model"] == "scan"]
    both = [scan.assign(model=name) for name in ("xvlm", "xvlm_nf")]
    pd.concat([rows, *both]).to_csv(path, index=False)
    found = systems(folders, parameters)
    again = one(found, model="xvlm", search="HNSW, best 128 again", images=1000)
    without = one(found, model="xvlm_nf", search="HNSW", images=1000)
    assert (again["kind"], without["kind"]) == ("reranked", "floats")
    assert again["milliseconds"] - without["milliseconds"] == pytest.approx(128 * 100)
    assert again["bytes_per_image"] - without["bytes_per_image"] == 145 * 1024 * 4


def test_the_best_within_both_budgets_is_recommended(chosen):
    at = {"task": INSTANCE, "images": 1000, "latency_ms": 2000.0, "budget_bytes": 1e6}
    best = one(chosen, **at)
    assert (best["model"], best["runner_up_model"], best["clear"]) == ("scan", "beit3", True)
    assert best["closed_form"] == ""
    slow = one(chosen, **at | {"latency_ms": 60.0})
    assert (slow["model"], slow["search"]) == ("beit3", "HNSW")
    assert slow["runner_up_model"] == "adv64"
    small = one(chosen, **at | {"budget_bytes": 32})
    assert (small["model"], small["closed_form"]) == ("adv64", "")
    many = one(chosen, **at | {"task": CATEGORY, "budget_bytes": 32})
    assert (many["model"], many["runner_up_model"]) == ("dadh", "adv64")


def test_a_closed_form_above_the_recommended_model_is_told(chosen, found):
    at = {"task": CATEGORY, "images": 1000, "latency_ms": 60.0}
    assert one(chosen, **at, budget_bytes=1e6)["model"] == "dadh"
    fits = int((chosen[chosen["task"] == CATEGORY]["why_not"] == "").sum())
    said = tables.takeaways(chosen.assign(closed_form="pairs_float 54.0"), found).markdown
    assert f"▲ In {fits} of the {fits} recommendations for a category a closed form is" in said
    assert "▲" not in tables.takeaways(chosen.assign(closed_form=""), found).markdown


def test_where_nothing_fits_the_reason_is_told(found):
    tight = {"latency_ms": [1.0, 60.0], "bytes_per_image": [1.0, 1e6], "galleries": [1000, 2000]}
    chosen = choices(found, ChooseChapter.check(tight, "test"))
    at = {"task": INSTANCE, "images": 1000}
    assert one(chosen, **at, latency_ms=1.0, budget_bytes=1e6)["why_not"] == "none is fast enough"
    row = one(chosen, **at, latency_ms=60.0, budget_bytes=1.0)
    assert (row["model"], row["why_not"]) == ("", "none is small enough")
    assert "none is small enough" in repr(tables.recommended(chosen, INSTANCE))


def test_what_was_not_run_is_said_to_be(folders, parameters, found):
    lacks = left_out(folders, parameters, found).set_index("model")["lacks"]
    assert lacks["vse"] == "a cost: it has no architecture at true size"
    assert lacks["ucch"] == "a quality: it was not run here"
    assert not {"scan", "beit3"} & set(lacks.index)


def test_a_run_without_anything_says_not_run(folders, parameters):
    path = folders["encoding_storage"] / "steps.csv"
    pd.read_csv(path).iloc[:0].to_csv(path, index=False)
    none = systems(folders, parameters)
    chosen = choices(none, parameters)
    assert none.empty
    assert set(chosen["why_not"]) == {"not run"}
    assert isinstance(tables.recommended(chosen, INSTANCE), Text)
    assert tables.takeaways(chosen, none).markdown.count("not run") == 2
    assert "adv64" in set(left_out(folders, parameters, none)["model"])
    figures.path(chosen)


def test_a_metric_that_the_run_lacks_is_not_run(folders):
    parameters = ChooseChapter.check(SMALL | {"precision": "mAP@10"}, "test")
    chosen = choices(systems(folders, parameters), parameters)
    by_task = chosen.groupby("task")["why_not"].agg(set)
    assert by_task[CATEGORY] == {"not run"}
    assert "not run" not in by_task[INSTANCE]


def test_a_search_that_was_not_measured_offers_nothing(folders, parameters):
    path = folders["search"] / "measured.csv"
    rows = pd.read_csv(path)
    rows[rows["index"] != "hnsw"].to_csv(path, index=False)
    assert "HNSW" not in set(systems(folders, parameters)["search"])


def test_no_setting_is_good_enough_then_the_best_is_taken(folders):
    measured = pd.read_csv(folders["search"] / "measured.csv")
    assert searches(measured, 10, 99.5)["hnsw"].milliseconds == pytest.approx(0.4)
    assert searches(measured, 10, 50.0)["hnsw"].milliseconds == pytest.approx(0.1)


def test_a_graph_is_not_faster_on_fewer_vectors():
    graph = Search("HNSW", 1.0, 1000, 64, (1.0, 1.0), 0.0, grows=False)
    assert graph.of(10, 64) == 1.0
    assert graph.of(1_000_000, 64) == pytest.approx(2.0)


def test_tables_and_figures_show_the_recommendations(found, chosen):
    table = tables.recommended(chosen, INSTANCE)
    assert list(table.frame) == ["images", "per image", "≤ 60 ms", "≤ 2 s"]
    assert table.frame.iloc[1, -1].split("\n")[0] == "scan, all pairs"
    drawn = figures.pareto(found, 1000)
    assert [panel.get_title() for panel in drawn.axes] == [INSTANCE, CATEGORY]
    said = " ".join(text.get_text() for text in figures.path(chosen).axes[0].texts)
    assert "scan, all pairs 40.0" in said
    assert "none is fast enough" not in said


def test_takeaways_begin_with_a_plain_sentence(chosen, found):
    said = tables.takeaways(chosen, found).markdown.splitlines()
    assert said[0].startswith(
        "- **For one match, most often: up to 32 B an image, adv64; up to 977 KiB an image, "
    )
    assert said[-1].startswith("- Compared were scan, beit3, adv64, dadh:")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"latency_ms": [300.0, 30.0]}, "expected budgets that grow"),
        ({"latency_ms": [30.0]}, "latency_ms"),
        ({"galleries": [1000]}, "galleries"),
        ({"precision": "mAP@7"}, "precision"),
    ],
)
def test_wrong_budgets_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        ChooseChapter.check(values, "test")


def test_it_comes_after_what_it_reads():
    order = list(CHAPTERS)
    assert all(order.index(name) < order.index("choose") for name in ChooseChapter.reads)
