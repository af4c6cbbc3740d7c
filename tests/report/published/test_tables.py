"""The published tables hold every cell once, and say what the paper prints."""

import itertools
import re

import numpy as np
import pytest

from fico_lib.report import published
from fico_lib.runtime.errors import InputError

MODELS = [
    *("blip2", "blip2_nf", "beit3", "xvlm", "xvlm_nf", "vilt"),
    *("imram", "vsrn", "scan", "adv2048", "adv64", "ucch", "dadh"),
]
RECALLS = ["R@1", "R@5", "R@10"]
PRECISIONS = ["mAP@10", "mAP@100", "mAP@N"]
BOTH = ["mscoco", "flickr30k"]
WAYS = ["i2t", "t2i"]
NO_VALUE = {"-": "not evaluated", "n/a": "not applicable", "DNF": "did not finish"}

# Read off the paper a second time, independently of the data files: the cell and its exact text.
SPOTS = {
    2: {
        "blip2 mscoco i2t R@1": "85.4",
        "blip2 flickr30k t2i R@1": "89.7",
        "blip2_nf mscoco t2i R@5": "86.1",
        "blip2_nf flickr30k t2i R@10": "99.1",
        "beit3 mscoco i2t R@1": "79.0",
        "beit3 mscoco t2i R@1": "61.3",
        "xvlm flickr30k i2t R@1": "96.8",
        "xvlm_nf mscoco t2i R@10": "88.8",
        "vilt flickr30k t2i R@1": "65.2",
        "imram mscoco i2t R@1": "54.5",
        "imram flickr30k t2i R@10": "86.0",
        "vsrn mscoco t2i R@5": "58.6",
        "scan mscoco t2i R@1": "33.7",
        "adv2048 mscoco i2t R@1": "-",
        "adv2048 flickr30k i2t R@1": "63.7",
        "adv64 flickr30k i2t R@10": "75.0",
        "adv64 flickr30k t2i R@10": "60.5",
        "ucch mscoco t2i R@10": "24.5",
        "ucch flickr30k i2t R@1": "12.7",
        "dadh mscoco i2t R@10": "4.7",
        "dadh flickr30k t2i R@10": "1.6",
    },
    3: {
        "adv64 flickr30k i2t R@50": "93",
        "adv64 flickr30k i2t R@100": "96.4",
        "adv64 flickr30k t2i R@100": "90.2",
        "ucch flickr30k t2i R@200": "89.5",
        "dadh flickr30k i2t R@200": "28.0",
        "dadh flickr30k t2i R@50": "8.3",
    },
    4: {
        "blip2 mscoco i2t mAP@100": "79.4",
        "blip2 flickr30k t2i mAP@N": "n/a",
        "blip2_nf mscoco i2t mAP@10": "96.2",
        "blip2_nf mscoco i2t mAP@N": "47.9",
        "beit3 mscoco t2i mAP@N": "60.7",
        "xvlm mscoco t2i mAP@100": "83.4",
        "xvlm_nf mscoco i2t mAP@100": "87",
        "vilt mscoco t2i mAP@N": "33.0",
        "imram mscoco t2i mAP@N": "57.9",
        "vsrn mscoco i2t mAP@N": "45.8",
        "scan flickr30k i2t mAP@100": "96.7",
        "adv2048 flickr30k t2i mAP@10": "98.4",
        "adv64 mscoco t2i mAP@N": "-",
        "ucch mscoco i2t mAP@N": "60.7",
        "ucch flickr30k t2i mAP@N": "88.8",
        "dadh mscoco t2i mAP@N": "60.5",
        "dadh flickr30k i2t mAP@N": "96.3",
    },
    5: {
        "blip2 encoding_time 10K/50K": "908.18s",
        "blip2 feature_size 1M/5M": "4240.25GiB",
        "beit3 encoding_time 10K/50K": "DNF",
        "beit3 embedding_size 1M/5M": "17.2GiB",
        "xvlm encoding_time 10K/50K": "100.87 s",
        "vilt encoding_time 1K/5K": "n/a",
        "vilt feature_size 1M/5M": "2723.37 GiB",
        "imram encoding_time 1K/5K": "50.4s",
        "imram encoding_time 10K/50K": "47.35s",
        "vsrn encoding_time 1M/5M": "1770.48s",
        "scan encoding_time 100K/500K": "464.464s",
        "adv2048 encoding_time 1M/5M": "9854.41s",
        "adv64 embedding_size 1M/5M": "0.36GiB",
        "ucch encoding_time 100K/500K": "60.57s",
        "dadh encoding_time 10K/50K": "1.13s",
    },
    6: {
        "vilt attention_time 1K/5K": "3093.76s",
        "vilt attention_time 10K/50K": "4880h",
        "blip2 attention_time 10K/50K": "24314.27s",
        "xvlm attention_time 1K/5K": "370.48s",
        "imram attention_time 10K/50K": "12200.28s",
        "scan attention_time 100K/500K": "DNF",
    },
    7: {
        "fg_flat 1M/5M search_time": "4728.18s",
        "fg_flat 500K/2.5M R@1": "Baseline (100.0)",
        "fg_hnsw 500K/2.5M R@1000": "98.3",
        "fg_hnsw 1M/5M search_time": "39.80s",
        "cg_flat 100K/500K R@100": "60.6",
        "cg_flat 500K/2.5M index_time": "<0.01s",
        "cg_flat 1M/5M search_time": "692.80s",
        "cg_ivf 100K/500K R@100": "68.9",
        "cg_ivf 1M/5M R@1000": "82.3",
        "cg_ivf 1M/5M search_time": "40.20s",
    },
}


# The columns of the paper's tables added up apart from the data files: no cell drifts unseen.
SUMS = {
    2: [609.0, 818.3, 876.1, 469.2, 704.4, 800.4, 873.5, 1048.5, 1093.4, 716.2, 955.6, 1024.1],
    3: [170.0, 194.0, 214.7, 159.9, 186.2, 211.5],
    4: [995.1, 884.4, 473.9, 985.8, 889.1, 488.5, 1281.4, 1249.8, 1018.1, 1272.0, 1242.9, 1017.4],
    5: [236.89, 1205.38, 1951.344, 15744.49, 224.43, 14560.24],
    6: [6049.31, 17609507.26, 0],
    7: [647.0, 960.6, 1121.4, 522.50, 6998.66],
}


def parse(printed: str, unit: str) -> float:
    """The number a printed cell stands for in `unit`, written apart from the data files."""
    if printed in NO_VALUE:
        return np.nan
    number, suffix = re.fullmatch(r"(?:Baseline \(|<)?([\d.]+)\)? ?(s|h|GiB|)", printed).groups()
    assert suffix in ({"s": "sh", "GiB": ["GiB"], "%": [""]}[unit])
    return float(number) * (3600 if suffix == "h" else 1)


@pytest.mark.parametrize(
    ("number", "rows", "with_value"),
    [(2, 156, 144), (3, 18, 18), (4, 156, 136), (5, 66, 46), (6, 15, 10), (7, 60, 60)],
)
def test_cells_are_counted(number, rows, with_value):
    frame = published.table(number)
    assert len(frame) == rows
    assert frame["value"].notna().sum() == with_value
    assert frame["cell"].is_unique


@pytest.mark.parametrize(
    ("number", "models", "datasets", "metrics"),
    [
        (2, MODELS, BOTH, RECALLS),
        (3, ["adv64", "ucch", "dadh"], ["flickr30k"], ["R@50", "R@100", "R@200"]),
        (4, MODELS, BOTH, PRECISIONS),
    ],
)
def test_every_combination_is_there_once_and_in_order(number, models, datasets, metrics):
    expected = [" ".join(key) for key in itertools.product(models, datasets, WAYS, metrics)]
    assert published.table(number)["cell"].tolist() == expected


def test_every_cost_and_search_cell_is_there_once():
    quantities = [("encoding_time", s) for s in ("1K/5K", "10K/50K", "100K/500K", "1M/5M")]
    quantities += [("embedding_size", "1M/5M"), ("feature_size", "1M/5M")]
    models = [model for model in MODELS if not model.endswith("_nf")]
    expected = {f"{model} {q} {s}" for model in models for q, s in quantities}
    assert set(published.table(5)["cell"]) == expected
    sizes = ["100K/500K", "500K/2.5M", "1M/5M"]
    columns = ["R@1", "R@100", "R@1000", "index_time", "search_time"]
    indexes = ["fg_flat", "fg_hnsw", "cg_flat", "cg_ivf"]
    expected = [" ".join(key) for key in itertools.product(indexes, sizes, columns)]
    assert sorted(published.table(7)["cell"]) == sorted(expected)


@pytest.mark.parametrize("number", SPOTS)
def test_spots_read_twice(number):
    printed = published.table(number).set_index("cell")["printed"]
    assert {cell: printed[cell] for cell in SPOTS[number]} == SPOTS[number]


def test_enough_spots():
    assert sum(map(len, SPOTS.values())) >= 60


@pytest.mark.parametrize("number", SUMS)
def test_columns_add_up(number):
    np.testing.assert_allclose(published.wide(number).sum(), SUMS[number], rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("number", [2, 3, 4, 5, 6, 7])
def test_printed_text_parses_to_the_value(number):
    frame = published.table(number)
    parsed = [parse(row.printed, row.unit) for row in frame.itertuples()]
    np.testing.assert_array_equal(frame["value"], parsed)


@pytest.mark.parametrize("number", [2, 3, 4, 5, 6, 7])
def test_notes_follow_from_the_print(number):
    for row in published.table(number).itertuples():
        expected = NO_VALUE.get(row.printed, "")
        expected = "upper bound" if row.printed.startswith("<") else expected
        expected = "printed in hours" if row.printed.endswith("h") else expected
        expected = "baseline" if row.printed.startswith("Baseline") else expected
        assert row.note == expected or (row.note == "bold" and expected == ""), row.cell


def test_bold_cells_are_counted():
    bold = {n: (published.table(n)["note"] == "bold").sum() for n in (2, 3, 4)}
    assert bold == {2: 14, 3: 0, 4: 14}


@pytest.mark.parametrize("number", [2, 3, 4, 7])
def test_percents_are_percents(number):
    frame = published.table(number)
    percents = frame.loc[frame["unit"] == "%", "value"].dropna()
    assert percents.between(0, 100).all()


@pytest.mark.parametrize("number", [2, 3])
def test_recall_grows_with_k(number):
    wide = published.wide(number)
    for dataset, way in {column[:2] for column in wide.columns}:
        recalls = wide[dataset][way].dropna()
        assert (recalls.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None), (dataset, way)


def test_recall_at_5_lies_nearer_to_recall_at_10_unless_listed():
    """The way recall saturates; below 5 % there is no curve to speak of."""
    suspects = set(published.anomalies(2)["cell"])
    wide = published.wide(2)
    found = set()
    for dataset, way in itertools.product(BOTH, WAYS):
        r = wide[dataset][way]
        low = (r["R@5"] - r["R@1"] < r["R@10"] - r["R@5"]) & (r["R@10"] > 5)
        found |= {f"{model} {dataset} {way} R@5" for model in low[low].index}
    assert found == {"vsrn mscoco t2i R@5"}
    assert found <= suspects


def test_precision_falls_with_depth_unless_listed():
    suspects = set(published.anomalies(4)["cell"])
    wide = published.wide(4)
    for dataset, way in itertools.product(BOTH, WAYS):
        for above, below in itertools.pairwise(PRECISIONS):
            rises = wide[dataset][way][below] > wide[dataset][way][above]
            cells = {f"{model} {dataset} {way} {below}" for model in rises[rises].index}
            assert cells <= suspects


def test_table_1_describes_eleven_models():
    frame = published.table(1).set_index("model")
    assert set(frame.index) == {model for model in MODELS if not model.endswith("_nf")}
    assert frame.loc["blip2", "image_features_printed"] == "1408x677D"
    assert frame["dimension"].dropna().to_dict() == {
        **{"blip2": 256, "beit3": 768, "xvlm": 256, "imram": 1024, "vsrn": 2048, "scan": 1024},
        **{"adv64": 64, "adv2048": 2048, "ucch": 64, "dadh": 64},
    }
    assert frame["dtype"].value_counts().to_dict() == {"f32": 4, "f64": 3, "i8": 4}
    for side in ("image", "text"):
        for row in frame.itertuples():
            size = getattr(row, f"{side}_feature_dimension"), getattr(row, f"{side}_features")
            printed = getattr(row, f"{side}_features_printed")
            assert printed == ("-" if printed == "-" else f"{size[0]}x{size[1]}D")
            assert (printed == "-") == (row.query_time_attention == "None")


def test_types():
    frame = published.table(5)
    assert frame["value"].dtype == "float64"
    assert frame["images"].dtype == "int64"
    assert frame["printed"].dtype == "str"
    assert published.table(1)["image_features"].dtype == "Int64"


@pytest.mark.parametrize("number", [0, 8, "2"])
def test_unknown_table(number):
    with pytest.raises(InputError, match="expected one of 1, 2"):
        published.table(number)
