"""What a reader of the data chapter sees in words."""

import pandas as pd

from fico_lib.datasets.dataset import Split
from fico_lib.report.table import Text, bullets


def first_caption(split: Split, image: int) -> str:
    """The first caption of an image, by row."""
    return split.captions_of(image)[0]


def everything_about(split: Split, image: int) -> Text:
    """All captions, labels and hashtags of one image, by row."""
    lines = list(split.captions_of(image))
    if split.labels is not None:
        lines.append(f"*labels:* {', '.join(split.categories_of(image)) or 'none'}")
    if split.hashtags is not None:
        lines.append(f"*hashtags:* `{split.hashtags[image]}`")
    return bullets(lines)


def takeaways(rows: pd.DataFrame) -> Text:
    """What the rows of `splits` say about the test split, in sentences."""
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
    return bullets(sentences)
