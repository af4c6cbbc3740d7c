"""The suspect cells: each is a printed cell, and what can be found by a rule is listed."""

import itertools

import pytest

from fico_lib.report import published
from fico_lib.runtime.errors import InputError


def cells_of(finding):
    frame = published.anomalies()
    return frame[frame["finding"] == finding]


def test_each_names_a_cell_as_printed():
    printed = {n: published.table(n).set_index("cell")["printed"] for n in range(2, 8)}
    printed[1] = published.table(1).set_index("cell")["dimension_printed"]
    for row in published.anomalies().itertuples():
        assert printed[row.table][row.cell] == row.printed
    assert not published.anomalies().duplicated(["finding", "table", "cell"]).any()


@pytest.mark.parametrize("number", [2, 4])
def test_bold_that_is_not_the_maximum_is_listed_and_nothing_else(number):
    frame = published.table(number)
    column = frame.groupby(["dataset", "direction", "metric"])["value"]
    odd = frame[(frame["value"] == column.transform("max")) != (frame["note"] == "bold")]
    listed = published.anomalies(number)
    listed = listed[listed["finding"].str.startswith("bold-")]
    assert set(odd["cell"]) == set(listed["cell"])


@pytest.mark.parametrize("number", [2, 3])
def test_i2t_below_t2i_is_listed_and_nothing_else(number):
    wide = published.wide(number)
    found = set()
    for dataset in wide.columns.unique("dataset"):
        lower = wide[dataset]["i2t"] < wide[dataset]["t2i"]
        found |= {
            f"{model} {dataset} i2t {metric}"
            for model, metric in itertools.product(lower.index, lower.columns)
            if lower.loc[model, metric]
        }
    listed = cells_of("i2t-below-t2i")
    assert set(listed.loc[listed["table"] == number, "cell"]) == found


def test_rows_equal_in_both_directions_are_listed_and_nothing_else():
    wide = published.wide(4)
    found = {
        (model, dataset)
        for dataset in ("mscoco", "flickr30k")
        for model in wide.index
        if wide.loc[model, dataset]["i2t"].tolist() == wide.loc[model, dataset]["t2i"].tolist()
    }
    assert found == {("imram", "mscoco"), ("vsrn", "flickr30k")}
    assert len(cells_of("imram-same-both-ways")) == len(cells_of("vsrn-same-both-ways")) == 6


def test_flat_recall_and_recall_above_exhaustive_are_listed():
    wide = published.wide(7)
    recalls = wide[["R@1", "R@100", "R@1000"]]
    constant = recalls.nunique(axis=1) == 1
    assert set(constant[constant].index.get_level_values("index")) == {"fg_flat", "fg_hnsw"}
    assert len(cells_of("hnsw-flat-recall")) == 9
    above = recalls.xs("cg_ivf", level="index") > recalls.xs("cg_flat", level="index")
    assert above.stack()[lambda flag: flag].index.tolist() == [
        ("100K/500K", "R@100"),
        ("500K/2.5M", "R@1"),
    ]
    assert set(published.anomalies(7)["cell"]) >= {
        "cg_flat 100K/500K R@100",
        "cg_ivf 500K/2.5M R@1",
        "cg_ivf 1M/5M search_time",
    }


def test_unknown_table():
    with pytest.raises(InputError, match="expected one of 1, 2"):
        published.anomalies(8)


def test_of_one_table():
    assert set(published.anomalies(6)["table"]) == {6}
    assert len(published.anomalies()) == sum(len(published.anomalies(n)) for n in range(1, 8))


def test_a_suspect_cell_carries_a_mark_that_leads_to_its_finding():
    shown = published.marked(6, "vilt attention_time 10K/50K", "4880h")
    assert str(shown) == "4880h†"
    assert shown.links == {"vilt-hours": "errata.html#vilt-hours"}
    assert published.marked(6, "vilt attention_time 1K/5K", "3093.76s") == "3093.76s"


def test_a_cell_of_two_findings_has_two_marks():
    shown = published.marked(5, "scan encoding_time 100K/500K", "464.464s\nunexplained")
    assert str(shown) == "464.464s††\nunexplained"
    assert list(shown.links) == ["scan-three-decimals", "memory-limit"]


def test_a_link_for_a_sentence():
    assert published.linked("vilt-hours", "more") == '<a href="errata.html#vilt-hours">more</a>'
