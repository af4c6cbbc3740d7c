"""The chapter on bitwise search on a tiny run: rows, claims, tables, figures, bad parameters."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from fico_lib.chapters import chapter
from fico_lib.chapters.bitwise_search import claims, figures, results, tables
from fico_lib.encodings import Codes, Embeddings, Scores
from fico_lib.evaluation import evaluate
from fico_lib.report.claims import FAILS, HOLDS, NOT_RUN
from fico_lib.runtime.errors import InputError

TINY = {
    "codes": [8, 1500],
    "bits": [64, 192],
    "cuts": [1, 20],
    "gallery": [30, 1200, 64],
    "n_train": 512,
    "ef_search": [16, 64],
    "threads": 1,
    "repeats": 2,
    "singles": 5,
    "seconds": 0.001,
    "device": "cpu",
}


@pytest.fixture(scope="module")
def encodings():
    rng = np.random.default_rng(0)
    images, of = rng.normal(size=(40, 24)).astype(np.float32), np.repeat(np.arange(40), 5)
    texts = images[of] + 0.5 * rng.normal(size=(200, 24)).astype(np.float32)
    matrix = images @ texts.T
    return [
        Embeddings(images, texts, of, model="vse"),
        Codes.pack(images > 0, texts > 0, of, model="adv64"),
        Scores(matrix, None, of, model="scan"),
    ]


def parameters(**changed):
    return chapter("bitwise_search").check(TINY | changed, "test")


@pytest.fixture(scope="module")
def found(encodings, tmp_path_factory):
    return results.study(encodings, tmp_path_factory.mktemp("cache"), parameters())


def test_every_method_length_cut_and_mode_is_measured_at_least_five_times(found):
    rows = found.exact
    assert len(rows) == len(results.METHODS) * 2 * 2 * len(results.MODES)
    assert (rows["repeats"] >= 5).all()
    assert (rows["fastest_milliseconds"] <= rows["milliseconds_per_query"]).all()
    assert (rows["milliseconds_per_query"] <= rows["slowest_milliseconds"]).all()


def test_pairs_a_second_follow_from_the_time(found):
    row = found.exact.iloc[0]
    expected = row["codes"] / (row["milliseconds_per_query"] / 1e3) / 1e9
    assert row["gpairs_per_second"] == pytest.approx(expected)


def test_a_search_that_differs_stops_the_run(monkeypatch, tmp_path):
    def wrong(codes, bits):
        right = searches(codes, bits)
        off = right[results.FAISS]
        return right | {results.COUNTING: lambda *asked: (off(*asked)[0] + 1, None)}

    searches = results._searches
    monkeypatch.setattr(results, "_searches", wrong)
    with pytest.raises(RuntimeError, match="counting and faiss differ at 64 bits, k = 1"):
        results.study([], tmp_path, parameters())


def test_the_codes_of_every_search_keep_the_same_neighbours(found):
    rows = found.beside.set_index(["index", "mode"])["recall_percent"]
    assert rows["code_counting", results.BATCH] == rows["code_flat", results.BATCH]
    assert rows["flat", results.BATCH] == 100


def test_recall_of_the_task_is_that_of_the_evaluation(found, encodings):
    for one in encodings[:2]:
        expected = evaluate(one, recall_at=(1, 10), ties="index").instance
        rows = found.task[found.task["model"] == one.model]
        rows = rows[rows["search"].isin(["flat", "code_counting"])]
        rows = rows[(rows["bits"] == 0) | (rows["model"] == "adv64")]
        for row in rows.itertuples():
            assert row.r_at_1_percent == pytest.approx(expected[row.direction]["R@1"])
            assert row.r_at_k_percent == pytest.approx(expected[row.direction]["R@10"])


def test_models_that_score_pairs_are_not_searched(found):
    assert set(found.task["model"]) == {"vse", "adv64"}


def test_every_table_figure_and_sentence_without_a_model(tmp_path):
    found = results.study([], tmp_path, parameters())
    assert "no model of this run" in repr(tables.task(found))
    assert "At equal recall" not in tables.takeaways(found).markdown
    verdicts = claims.judged(found).of(claims.SETTING)
    assert verdicts["optimised_codes_outperform_at_equal_recall"] == NOT_RUN


def test_every_table_and_figure(found):
    for table in (tables.exact, tables.beside, tables.task):
        assert len(table(found).frame)
    assert len(figures.rates(found).axes) == 2
    assert len(figures.task(found).axes) == 2
    assert tables.takeaways(found).markdown.count("\n- ") == 2


def timed(milliseconds, **about):
    spread = {
        "fastest_milliseconds": 0.9 * milliseconds,
        "slowest_milliseconds": 1.1 * milliseconds,
    }
    return {"milliseconds_per_query": milliseconds, "repeats": 5, "refused": ""} | spread | about


def made_up(counting, faiss, graph, task):
    exact = [
        timed(time, method=method, bits=64, k=1, mode=mode)
        for method, time in ((results.COUNTING, counting), (results.FAISS, faiss))
        for mode in results.MODES
    ]
    beside = [
        timed(time, index=index, setting=setting, mode=results.SINGLE)
        for index, setting, time in (
            ("hnsw", "ef_search 16", graph), ("hnsw", "ef_search 64", 2 * graph),
            ("code_counting", "", counting),
        )
    ]  # fmt: skip
    return results.BitwiseSearch(*map(pd.DataFrame, (exact, [], beside, task)))


def search(name, recall, milliseconds):
    about = {"model": "vse", "search": name, "bits": 64 * (name == "code_counting")}
    about |= {"direction": "i2t", "mode": results.SINGLE, "k": 10, "r_at_k_percent": recall}
    return timed(milliseconds, **about)


def test_claims_hold_and_fail_by_the_times():
    floats = [search("flat", 60, 5.0), search("hnsw", 50, 3.0), search("hnsw", 30, 0.1)]
    fast = made_up(1.0, 4.0, 2.0, [*floats, search("code_counting", 40, 1.0)])
    assert set(claims.judged(fast).of(claims.SETTING).values()) == {HOLDS}
    # The fastest of floats that finds enough takes 3 ms; the one of 0.1 ms finds less.
    slow = made_up(4.0, 1.0, 2.0, [*floats, search("code_counting", 40, 9.0)])
    assert set(claims.judged(slow).of(claims.SETTING).values()) == {FAILS}
    alike = claims.judged(made_up(1.0, 1.0, 1.0, [])).of(claims.SETTING)
    assert HOLDS not in alike.values()


def test_codes_that_no_search_of_floats_reaches_are_no_case():
    found = made_up(1.0, 4.0, 2.0, [search("flat", 60, 5.0), search("code_counting", 70, 1.0)])
    ((_, codes, floats),) = claims.equal_recall(found.task)
    assert codes["r_at_k_percent"] == 70
    assert floats is None


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"codes": [8, 10]}, "codes: found 10; expected at least 20, of cuts"),
        ({"cuts": [20, 1]}, "expected numbers that grow, each once"),
        ({"ef_search": [4]}, "ef_search: found 4; expected at least k = 10"),
        ({"codes": [8, 10**9]}, r"memory is 3GB; 3,676,470 would fit"),
        ({"gallery": [10, 10**9, 64]}, "the largest gallery that fits"),
        ({"bits": [12]}, "multiple of 8"),
    ],
)
def test_bad_parameters(changed, message):
    with pytest.raises(InputError, match=message):
        parameters(**changed)


def test_results_are_kept_as_tables(found):
    names = [field.name for field in dataclasses.fields(found)]
    assert names == ["exact", "limits", "beside", "task"]
