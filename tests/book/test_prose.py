"""Sentences that compare fixed numbers, a published and a recorded one: they hold."""

from pathlib import Path

import pandas as pd

from fico_lib.report import published

RECORDED = Path(__file__).parents[2] / "book" / "recorded"


def test_vilt_on_mscoco_is_no_better_than_the_chance_of_the_recorded_control():
    """The chapter on categories says so, under *What to notice*."""
    printed = published.wide(4, dataset="mscoco").loc["vilt"]
    (path,) = RECORDED.glob("*/captions_mscoco/accuracy.csv")
    rows = pd.read_csv(path)
    rows = rows[rows["metric"] == "mAP@N"].drop_duplicates("direction").set_index("direction")
    for direction in ("i2t", "t2i"):
        assert printed[direction, "mAP@N"] <= rows.loc[direction, "chance_percent"]
