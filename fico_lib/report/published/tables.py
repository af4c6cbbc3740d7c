"""The published tables as tidy frames: one row per printed cell, with the printed text kept."""

from pathlib import Path

import pandas as pd

from fico_lib.runtime.errors import InputError

FOLDER = Path(__file__).parent

TABLES = {
    1: "architecture and features of the evaluated models",
    2: "instance-level retrieval, Recall@1/5/10",
    3: "instance-level retrieval of the coarse-grained models, Recall@50/100/200",
    4: "category-level retrieval, mAP@10/100/N",
    5: "encoding time and storage",
    6: "time of query-time attention",
    7: "similarity search: recall retained, index time, search time",
}

# What tells the cells of a table apart, in the order in which `cell` spells it.
ACCURACY_KEY = ["model", "dataset", "direction", "metric"]
COST_KEY = ["model", "quantity", "size"]
SEARCH_KEY = ["index", "size", "quantity"]
KEYS = {
    1: ["model"],
    2: ACCURACY_KEY,
    3: ACCURACY_KEY,
    4: ACCURACY_KEY,
    5: COST_KEY,
    6: COST_KEY,
    7: SEARCH_KEY,
}

COUNTS = ("images", "texts", "queries", "candidates")
# In Table 1 these are missing where the paper prints a dash or n/a; `dimension` also is Table 7's.
SIZES = (
    "dimension",
    "image_feature_dimension",
    "image_features",
    "text_feature_dimension",
    "text_features",
)


def read(path: Path) -> pd.DataFrame:
    """A CSV file of this folder; columns are text (str, "" where empty) unless they hold numbers.

    `value` becomes float64 (NaN where nothing was measured), counts int64, and sizes Int64 (NA
    where the paper gives none). "n/a" in `printed` stays the text it is.
    """
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    for column in frame.columns:
        if column == "value":
            frame[column] = pd.to_numeric(frame[column].replace("", None)).astype("float64")
        elif column in COUNTS:
            frame[column] = frame[column].astype("int64")
        elif column in SIZES:
            frame[column] = pd.to_numeric(frame[column].replace("", None)).astype("Int64")
    return frame


def known_table(number: int) -> int:
    """`number` itself, or an InputError when the paper has no such table."""
    if number not in TABLES:
        raise InputError(
            f"published table {number!r}: expected one of {', '.join(map(str, TABLES))}"
        )
    return number


def table(number: int) -> pd.DataFrame:
    """Table `number` (1 to 7) of FiCo-ITR, in the paper's order of rows.

    Columns (shape: cells × columns):

    - 1 (11 models): model, name, group, approach, query_time_attention, dtype, and `dimension`
      (components or bits), `image_feature_dimension` × `image_features` per image,
      `text_feature_dimension` × `text_features` per text, each with its `…_printed` text.
      The paper's one row for ADV is two here, adv64 and adv2048.
    - 2 (156 cells), 3 (18), 4 (156): model, name, group, dataset ("mscoco", "flickr30k"),
      direction ("i2t", "t2i"), metric ("R@1" … "mAP@N"), value, unit ("%"), printed, note.
    - 5 (66), 6 (15): model, name, group, quantity ("encoding_time", "embedding_size",
      "feature_size"; "attention_time"), size ("1K/5K" …), images, texts, value, unit ("s",
      "GiB"), printed, note.
    - 7 (60): index, name, faiss_class, group, dimension, size, queries, candidates, quantity
      ("R@1", "R@100", "R@1000" in %; "index_time", "search_time" in s), value, unit, printed,
      note.

    `cell`, the last column, spells the key of the row and is unique in its table: what
    `anomalies` refers to. Raises InputError for another number.
    """
    frame = read(FOLDER / f"table{known_table(number)}.csv")
    frame["cell"] = frame[KEYS[number]].agg(" ".join, axis=1)
    return frame
