"""Which tables of a result are kept, and under which names."""

from dataclasses import dataclass, field

import pandas as pd

from fico_lib.report.results_folder import Results

ROWS = pd.DataFrame({"k": [1, 5], "percent": [10.0, 30.0]})


@dataclass
class Found:
    recall: pd.DataFrame
    gaps: pd.DataFrame = field(metadata={"file": "repeats_gaps"})
    sums: pd.DataFrame = field(metadata={"file": None})
    claims: pd.DataFrame | None
    seeds: list[int]


def test_every_table_is_kept_under_its_field_s_name_or_the_one_it_asks_for(tmp_path):
    results = Results(tmp_path / "run")
    results.keep(Found(ROWS, ROWS, ROWS, None, [0]))
    kept = results.finish({})
    assert {path.name for path in kept.iterdir()} == {"recall.csv", "repeats_gaps.csv", "run.json"}
    pd.testing.assert_frame_equal(pd.read_csv(kept / "recall.csv"), ROWS)


def test_a_table_without_columns_is_left_out(tmp_path):
    results = Results(tmp_path / "run")
    results.keep(Found(pd.DataFrame(), ROWS, ROWS, None, [0]))
    assert not (results.finish({}) / "recall.csv").exists()
