"""What a reader of the data chapter sees in words."""

import pandas as pd

from fico_lib.datasets.dataset import Split
from fico_lib.report.table import Table, Text, bullets, plain, written

TENTH = 0.1


def first_caption(split: Split, image: int) -> str:
    """The first caption of an image, by row."""
    return split.captions_of(image)[0]


def everything_about(split: Split, image: int) -> Text:
    """All captions, labels and hashtags of one image, by row."""
    lines = [plain(caption) for caption in split.captions_of(image)]
    if split.labels is not None:
        lines.append(f"*labels:* {', '.join(map(plain, split.categories_of(image))) or 'none'}")
    if split.hashtags is not None:
        lines.append(f"*hashtags:* `{split.hashtags[image].replace('`', '')}`")
    return bullets(lines)


def calibrated(rows: pd.DataFrame) -> Table | Text:
    """The rows of `calibration` as a table; for real data that there is none."""
    if rows.empty:
        return Text("Real data stand for themselves: nothing is calibrated.")
    sources = "; ".join(rows["source"].unique())
    frame = pd.DataFrame(
        {
            "": rows["statistic"],
            "reference": rows["reference"].map(written),
            "scenes": rows["scenes"].map(written),
            "ratio": rows["ratio"].map("{:.2f}".format),
        }
    )
    return Table(frame, f"The procedural set beside a real one. Reference: {sources}.", words=("",))


def _calibration(rows: pd.DataFrame) -> list[str]:
    """How far `calibration` is from its reference, in one sentence; none for real data."""
    if rows.empty:
        return []
    far = rows.loc[(rows["ratio"] - 1).abs() > TENTH, "statistic"].tolist()
    near = f"{len(rows) - len(far)} of {len(rows)} statistics are within a tenth of the real set"
    beyond = f"; beyond it: {', '.join(far)}" if far else ""
    return [f"The data are procedural and calibrated: {near}{beyond}."]


def takeaways(rows: pd.DataFrame, calibration: pd.DataFrame) -> Text:
    """What the rows of `splits` say about the test split, and `calibration`, in sentences."""
    (test,) = rows[rows["split"] == "test"].to_dict("records")
    low, high = test["captions_per_image_min"], test["captions_per_image_max"]
    each = f"{low}" if low == high else f"{low} to {high}"
    sentences = [
        f"The test split has {test['images']:,} images with {each} captions each, of "
        f"{test['words_per_caption']:.1f} words on average.",
        f"{test['distinct_captions_percent']:.1f} % of its captions are distinct texts; a text "
        "that describes several images has no single right answer.",
    ]
    if "labels_per_image" in rows:
        sentences.append(
            f"An image has {test['labels_per_image']:.1f} labels on average, and "
            f"{test['pairs_sharing_a_label_percent']:.1f} % of the image pairs share one: the "
            "chance level of every category-level number."
        )
    return bullets(sentences + _calibration(calibration))
