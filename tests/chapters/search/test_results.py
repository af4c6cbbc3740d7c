"""The search chapter's rows, tables and figures, on a tiny study."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from fico_lib.chapters import chapter
from fico_lib.chapters.search import (
    claim_source,
    claims,
    figures,
    results,
    rows,
    sentences,
    tables,
)
from fico_lib.encodings import Embeddings
from fico_lib.runtime.errors import InputError

TINY = {
    "sizes": [[30, 1200, 80], [30, 1500, 64]],
    "gallery": [30, 1500, 64],
    "n_train": 512,
    "n_lists": 8,
    "ef_search": [16],
    "n_probe": [1, 4],
    "rerank_k": [20],
    "bits": [64],
    "map_lists": [4, 64],
    "map_probes": [1, 8],
    "recall_at": [1, 100, 1000],
    "threads": 1,
    "repeats": 1,
    "singles": 2,
    "device": "cpu",
}


@pytest.fixture(scope="module")
def embeddings():
    rng = np.random.default_rng(0)
    images = rng.normal(size=(40, 24)).astype(np.float32)
    of = np.repeat(np.arange(40), 5)
    texts = images[of] + 0.5 * rng.normal(size=(200, 24)).astype(np.float32)
    return Embeddings(images, texts, of, model="vse")


def parameters(**changed):
    return chapter("search").check(TINY | changed, "test")


@pytest.fixture(scope="module")
def found(embeddings, tmp_path_factory):
    return results.study(embeddings, tmp_path_factory.mktemp("cache"), parameters())


def test_exact_search_keeps_everything(found):
    flat = found.paper[found.paper["index"] == "flat"]
    assert (flat["one_recall_percent"] == 100).all()
    assert (flat["k_recall_percent"] == 100).all()


def test_recall_of_codes_grows_with_k(found):
    codes = found.paper[found.paper["index"] == "code_flat"].sort_values("k")
    for _, part in codes.groupby("vectors"):
        assert part["one_recall_percent"].is_monotonic_increasing


def test_hnsw_is_flat_over_k(found):
    rows = found.paper[(found.paper["index"] == "hnsw") & (found.paper["refused"] == "")]
    for _, part in rows.groupby(["vectors", "setting"]):
        assert part["one_recall_percent"].max() - part["one_recall_percent"].min() <= 4


def test_too_few_results_are_told_and_a_sufficient_setting_stands_beside(found):
    hnsw = found.paper[found.paper["index"] == "hnsw"]
    lost = hnsw[(hnsw["k"] == 1000) & (hnsw["setting"] == "ef_search 16")]
    assert lost["refused"].str.contains("fewer results").all()
    assert lost["one_recall_percent"].isna().all()
    enough = hnsw[(hnsw["k"] == 1000) & (hnsw["setting"] == "ef_search 1000")]
    assert len(enough) == 2
    assert (enough["one_recall_percent"] > 95).all()


def test_both_modes_of_every_index_that_can_be_had(found):
    rows = found.measured[found.measured["k"] == 10]
    assert set(rows["mode"]) == {"batch", "single"}
    cpu = {n for n, e in results.INDEXES.items() if not e.gpu}
    assert cpu <= set(rows["index"])
    assert set(found.missing["index"]) | set(rows["index"]) == set(results.INDEXES)
    assert (rows.loc[rows["refused"] == "", "milliseconds_per_query"] > 0).all()


def test_a_shared_fit_is_told_as_shared(found):
    itq = found.measured[(found.measured["binariser"] == "itq") & (found.measured["bits"] == 64)]
    assert itq["quantizer_seconds"].nunique() == 1
    assert (itq["quantizer_shared_by"] == itq["index"].nunique()).all()
    assert (found.measured.loc[found.measured["bits"] == 0, "quantizer_shared_by"] == 0).all()
    assert "shared by" in tables.today(found)._repr_html_()


def test_ties_lie_between_their_bounds(found):
    for row in found.ties.itertuples():
        assert row.lost_percent <= row.expected_percent <= row.won_percent
        assert row.lost_percent <= row.stored_percent <= row.won_percent
        assert row.lost_percent <= row.lowest_shuffled_percent <= row.highest_shuffled_percent


def test_the_map_leaves_out_more_probes_than_lists(found):
    assert not ((found.lists["lists"] == 4) & (found.lists["value"] == 8)).any()


def test_the_gallery_grows(found):
    assert sorted(found.growth["vectors"].unique()) == [187, 375, 750, 1500]
    assert found.growth["expected_percent"].between(0, 100).all()


def test_a_second_study_measures_nothing_again(found, embeddings, tmp_path_factory, monkeypatch):
    cache = next(p for p in tmp_path_factory.getbasetemp().iterdir() if p.name.startswith("cache"))
    monkeypatch.setattr("fico_lib.search.measure.make", None)
    again = results.study(embeddings, cache, parameters())
    for name in ("paper", "measured", "lists", "elsewhere"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(again, name))


@pytest.mark.parametrize("name", ["sizes", "gallery"])
def test_sizes_that_do_not_fit_are_refused_with_the_parameters(name):
    large = [10, 10**8, 2048]
    changed = {name: large if name == "gallery" else [large]}
    with pytest.raises(InputError, match=r"test: memory: 100,000,000 .* largest gallery that fits"):
        parameters(**changed, memory="16GB")


def test_wrong_parameters():
    with pytest.raises(InputError, match="unknown index 'hnws': did you mean 'hnsw'"):
        parameters(indexes=["hnws"])
    with pytest.raises(InputError, match="unknown binary quantizer 'lsh'"):
        parameters(binarisers=["lsh"])
    with pytest.raises(InputError, match="memory: found 'lots'"):
        parameters(memory="lots")
    with pytest.raises(InputError, match="test: rerank_k: found 5; expected at least k = 10"):
        parameters(rerank_k=[5])
    with pytest.raises(InputError, match="sizes"):
        parameters(sizes=[[1, 2]])


def test_every_table_and_sentence(found):
    seven = tables.beside_table_7(found)
    assert seven.frame["", "queries/vectors"].str.endswith("paper").sum() == 12
    assert "60.6†" in seven.frame["", "R@100"].map(str).tolist()
    assert rows.LOST_MARK in seven._repr_html_()
    words = sentences.beside_in_words(found).markdown
    for part in ("likely misprint", "60.6", "68.9", "3.6 to 4.3 TFLOP/s", "5.7 to 7.2", "marks"):
        assert part in words
    today = tables.today(found)._repr_html_()
    assert "not measured" in today or not len(found.missing)
    for mode in ("batch", "single"):
        assert len(tables.fronts(found, mode).frame)
    for table in (tables.sweep_k, tables.ties, tables.elsewhere):
        assert table(found)._repr_html_()
    assert "nan" not in sentences.takeaways(found).markdown
    flat = found.measured["index"] == "flat"  # which index is fastest at this size is chance
    times = found.measured["milliseconds_per_query"].mask(flat, 1000.0)
    slow = dataclasses.replace(found, measured=found.measured.assign(milliseconds_per_query=times))
    assert "exact search takes" in sentences.takeaways(slow).markdown


def test_every_figure(found, tmp_path):
    made = [
        figures.figure_4(*rows.figure_4_rows(found)),
        figures.pareto(*rows.pareto_rows(found, "single"), "ms"),
        figures.sweeps(*rows.sweep_rows(found)),
        figures.growth(found.growth, rows.binarisers(found)),
        figures.lists_map(found.lists),
    ]
    for number, figure in enumerate(made):
        figure.savefig(tmp_path / f"{number}.svg")
        assert all(panel.has_data() for panel in figure.axes)


def test_recorded_results_stand_beside_each_other(found, tmp_path):
    assert "No run" in str(tables.recorded([]))
    for machine in ("cpu", "gpu"):
        folder = tmp_path / machine / "search"
        folder.mkdir(parents=True)
        found.measured.to_csv(folder / "measured.csv", index=False)
    table = tables.recorded([tmp_path / m / "search" for m in ("cpu", "gpu")])
    assert list(table.frame.columns) == ["index", "cpu", "gpu"]
    assert (table.frame["cpu"] == table.frame["gpu"]).all()


def test_a_recommendation_is_computed_from_the_rows(found):
    said = sentences.recommendation(found.measured, 10, 95)
    assert said.startswith("To keep at least 95 % of the nearest neighbours in the first 10, use")
    poor = found.measured[found.measured["index"] == "code_flat"]
    assert sentences.recommendation(poor, 10, 99.9).startswith("No setting keeps 99.9 %")


def test_without_some_indexes(found):
    without = dataclasses.replace(found, measured=found.measured[found.measured["index"] != "flat"])
    assert "exact search takes" not in sentences.takeaways(without).markdown


def test_claims_read_the_same_recalls_and_times(found):
    source = claim_source.measured(found)
    assert source.galleries == ["1,200 × 80", "1,500 × 64"]
    at = found.paper[(found.paper["index"] == "code_flat") & (found.paper["vectors"] == 1500)]
    row = at[at["k"] == 100].iloc[0]
    assert source.recall["code_flat", "1,500 × 64", 100].value == row["one_recall_percent"]
    assert source.seconds["code_flat", "1,500 × 64"].value == row["search_seconds"]
    assert row["fastest_seconds"] <= row["search_seconds"] <= row["slowest_seconds"]
    assert list(source.codes) == ["187", "375", "750", "1,500"]
    kept = found.paper[found.paper["refused"] == ""].groupby(["index", "vectors"])["search_k"].max()
    longest = kept.groupby("vectors").transform("max")  # times are compared at one k
    assert len(source.seconds) == (kept == longest).sum()
    assert set(claims.judged(found).claims["verdict"]) <= {
        "holds", "does not hold", "undecided", "not run",
    }  # fmt: skip
