"""The suspect cells: each is a printed cell, and what can be computed is listed."""

import itertools

import pytest

from fico_lib.report import published
from fico_lib.runtime.errors import InputError

GIB = 2**30


def cells_of(finding):
    frame = published.anomalies()
    return frame[frame["finding"] == finding]


def test_each_names_a_cell_as_printed():
    printed = {n: published.table(n).set_index("cell")["printed"] for n in range(2, 8)}
    printed[1] = published.table(1).set_index("cell")["dimension_printed"]
    for row in published.anomalies().itertuples():
        if row.cell:
            assert printed[row.table][row.cell] == row.printed
    assert not published.anomalies().duplicated(["finding", "table", "cell"]).any()


def test_suspicion_is_not_a_verdict():
    frame = published.anomalies()
    assert frame["why"].str.startswith("suspect because ").all()
    assert not frame["why"].str.contains("wrong value|is wrong|error").any()
    disagreeing = frame["kind"] == "text"
    assert (frame.loc[disagreeing, "text"] != "").all()
    assert ((frame["text"] == "") == (frame["section"] == "")).all()


@pytest.mark.parametrize("number", [2, 4])
def test_bold_that_is_not_the_maximum_is_listed_and_nothing_else(number):
    frame = published.table(number)
    column = frame.groupby(["dataset", "direction", "metric"])["value"]
    odd = frame[(frame["value"] == column.transform("max")) != (frame["note"] == "bold")]
    listed = published.anomalies(number)
    listed = listed[listed["kind"] == "bold is not the maximum"]
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


def test_means_the_text_gives_leave_out_one_model():
    frame = published.table(4).query("metric == 'mAP@N'")
    for kept, flickr, coco in ((frame, 92.5, 53.5), (frame[frame["model"] != "vilt"], 92.9, 56.0)):
        means = kept.groupby("dataset")["value"].mean()
        assert means["flickr30k"] == pytest.approx(flickr, abs=0.05)
        assert means["mscoco"] == pytest.approx(coco, abs=0.05)
    column = frame.query("dataset == 'mscoco' and direction == 'i2t'").set_index("model")["value"]
    assert column.rank()["blip2_nf"] == 3
    assert column.drop("vilt").rank()["blip2_nf"] == 2


def test_sizes_computed_from_table_1():
    """Bytes of 1M images and 5M texts against Table 5, as `why` gives them."""
    described = published.table(1).set_index("model")
    width = {"f32": 4, "f64": 8}

    def features(model, words=None):
        row = described.loc[model]
        image = row["image_feature_dimension"] * row["image_features"]
        text = row["text_feature_dimension"] * (words or row["text_features"])
        return (1e6 * image + 5e6 * text) * width[row["dtype"]] / GIB

    assert features("blip2") == pytest.approx(4123.21, abs=0.005)
    assert features("vilt") == pytest.approx(1193.05, abs=0.005)
    assert features("scan") == pytest.approx(2944.95, abs=0.005)
    assert features("scan", words=77) == pytest.approx(3211.98, abs=0.005)
    per_item = {45.78: 1024 * 8, 11.44: 2048, 1.43: 2048 / 8, 0.358: 64, 0.045: 64 / 8}
    for size, width_bytes in per_item.items():
        assert 6e6 * width_bytes / GIB == pytest.approx(size, abs=0.005 if size > 1 else 0.0005)
    printed = published.wide(5)["feature_size"]["1M/5M"]
    assert printed["imram"] - printed["scan"] == pytest.approx(45.78)
    assert printed["blip2"] - 4123.21 == pytest.approx(117.04)


def test_growth_as_the_reasons_give_it():
    encoding = published.wide(5)["encoding_time"]
    growth = encoding.div(encoding.shift(axis=1)).round(1)
    assert growth.loc["adv2048", "1M/5M"] == 22.0
    assert growth.loc["adv64", "1M/5M"] == 10.7
    assert growth.loc["ucch", "100K/500K"] == 14.7
    assert growth.loc["imram", "10K/50K"] < 1
    attention = published.wide(6)["attention_time"]
    ratio = attention["10K/50K"] / attention["1K/5K"]
    assert ratio.round().to_dict() == {
        "vilt": 5679,
        "blip2": 10,
        "xvlm": 10,
        "imram": 64,
        "scan": 73,
    }
    assert attention.loc["vilt", "1K/5K"] * 100 / 3600 == pytest.approx(85.9, abs=0.05)
    assert ratio["vilt"] / 100 == pytest.approx(57, abs=0.5)


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
