"""The published tables in the paper's own layout, for tables "beside the paper"."""

import pandas as pd

from fico_lib.report.published.tables import KEYS, table
from fico_lib.runtime.errors import InputError

# Table 1's columns under the paper's headings; the numbers keep their printed form.
HEADINGS = {
    "approach": "Approach",
    "query_time_attention": "Q-Time Attn",
    "dimension_printed": "Dim",
    "image_features_printed": "Img Feat",
    "text_features_printed": "Txt Feat",
    "dtype": "DType",
}
ROWS = {7: ["size", "index"]}  # every other table has one row per model


def wide(number: int, dataset: str | None = None, printed: bool = False) -> pd.DataFrame:
    """Table `number` as the paper lays it out: its rows and columns, in its order.

    Rows are models by their registry name (Table 7: size, then index). Columns are

    - 1: the paper's headings over the printed text (no numbers);
    - 2, 3, 4: (dataset, direction, metric), or (direction, metric) once `dataset` picks one;
    - 5, 6: (quantity, size), seconds and GiB; 7: quantity, percent and seconds.

    Values are float64, NaN where the paper has none; with `printed` they are the cells' exact
    text instead. Raises InputError for an unknown table, for a `dataset` the table does not have,
    and for a `dataset` with a table that is not per data set.
    """
    frame = table(number)
    if dataset is not None:
        frame = of_dataset(frame, number, dataset)
    if number == 1:
        return frame.set_index("model")[list(HEADINGS)].rename(columns=HEADINGS)
    rows = ROWS.get(number, ["model"])
    keys = [key for key in KEYS[number] if key not in rows]
    if dataset is not None:
        keys.remove("dataset")
    # Unlike pivot, set_index and unstack with sort=False keep the paper's order of both axes.
    cells = frame.set_index([*rows, *keys])["printed" if printed else "value"]
    return cells.unstack(keys, sort=False)


def of_dataset(frame: pd.DataFrame, number: int, dataset: str) -> pd.DataFrame:
    """The rows of a published table that belong to one data set, or an InputError."""
    if "dataset" not in frame:
        raise InputError(
            f"dataset={dataset!r}: published table {number} is not per data set; "
            "leave the parameter out"
        )
    known = frame["dataset"].unique().tolist()
    if dataset not in known:
        raise InputError(
            f"dataset={dataset!r}: published table {number} has {' and '.join(known)} only"
        )
    return frame[frame["dataset"] == dataset]
