"""The published tables in the paper's own layout."""

import numpy as np
import pytest

from fico_lib.report import published
from fico_lib.runtime.errors import InputError


@pytest.mark.parametrize(
    ("number", "shape"),
    [
        (1, (11, 6)),
        (2, (13, 12)),
        (3, (3, 6)),
        (4, (13, 12)),
        (5, (11, 6)),
        (6, (5, 3)),
        (7, (12, 5)),
    ],
)
def test_shape_is_the_papers(number, shape):
    assert published.wide(number).shape == shape
    assert published.wide(number, printed=True).shape == shape


@pytest.mark.parametrize("number", [2, 3, 4, 5, 6, 7])
def test_wide_holds_the_cells_of_the_tidy_table(number):
    frame = published.table(number)
    for kind in ("value", "printed"):
        wide = published.wide(number, printed=kind == "printed")
        assert sorted(map(str, wide.to_numpy().ravel())) == sorted(map(str, frame[kind]))


def test_a_row_reads_as_printed():
    row = published.wide(2, dataset="flickr30k").loc["imram"]
    assert row.tolist() == [71.0, 93.0, 96.5, 52.1, 78.7, 86.0]
    row = published.wide(4, dataset="mscoco", printed=True).loc["xvlm_nf"]
    assert row.tolist() == ["95.8", "87", "58.4", "95.8", "88.8", "60.3"]
    row = published.wide(7).loc[("500K/2.5M", "cg_ivf")]
    assert row.tolist() == [8.3, 61.6, 86.7, 1.41, 11.13]
    row = published.wide(5, printed=True).loc["beit3"]
    assert row.tolist() == ["56.76s", "DNF", "DNF", "DNF", "17.2GiB", "n/a"]


def test_rows_and_columns_keep_the_papers_order():
    assert published.wide(6).index.tolist() == ["vilt", "blip2", "xvlm", "imram", "scan"]
    columns = published.wide(4, dataset="mscoco").columns.tolist()
    assert columns == [(d, f"mAP@{k}") for d in ("i2t", "t2i") for k in ("10", "100", "N")]
    assert published.wide(1).columns.tolist()[:2] == ["Approach", "Q-Time Attn"]


def test_hours_are_seconds():
    assert published.wide(6).loc["vilt", ("attention_time", "10K/50K")] == 4880 * 3600
    assert np.isnan(published.wide(6).loc["vilt", ("attention_time", "100K/500K")])


@pytest.mark.parametrize(
    ("number", "dataset", "message"),
    [
        (5, "mscoco", "not per data set"),
        (3, "mscoco", "has flickr30k only"),
        (2, "coco", "mscoco and flickr30k"),
        (9, None, "expected one of"),
    ],
)
def test_what_the_paper_does_not_have(number, dataset, message):
    with pytest.raises(InputError, match=message):
        published.wide(number, dataset=dataset)
