"""What a reader of the category chapter sees of synthetic and noisy labels."""

import pandas as pd

from fico_lib.chapters.category.labels import PREDICTED, TRUE, LabelStudy
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report.reference_rows import CHANCE, name_of, names
from fico_lib.report.table import Table, Text, bullets, percentage
from fico_lib.report.wide_table import by_direction, wide_table


def _cell(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.1f}"


def quality(study: LabelStudy) -> Table:
    """Each set of labels beside the true ones."""
    titles = {
        "labels_per_image": "labels per image",
        "unlabelled_percent": "images without (%)",
        "wrong_entries_percent": "wrong entries (%)",
        "micro_f1_percent": "micro F1 (%)",
        "macro_f1_percent": "macro F1 (%)",
        "map_percent": "mAP (%)",
        "calibration_error_percent": "calibration error (%)",
    }
    frame = pd.DataFrame({"evaluation labels": study.quality["labels"]})
    for column, title in titles.items():
        frame[title] = study.quality[column].map(_cell)
    return Table(
        frame,
        f"Labels of the test images of {study.data}, beside the true ones. mAP (over categories) "
        "and calibration need probabilities.",
        words=("evaluation labels",),
    )


def accuracy(study: LabelStudy) -> Table:
    """mAP@N of every entry under every set of labels, and chance."""
    rows = study.accuracy.set_index(["model", "direction", "labels"])
    chance = study.accuracy.groupby(["direction", "labels"])["chance_percent"].first()

    def cell(model: str, *place: str) -> str:
        if model == CHANCE:
            return _cell(chance[place])
        row = rows.loc[(model, *place)]
        if pd.isna(row["percent"]):
            return "n/a"
        # Nothing is above a chance of 100 %: then there is no corrected value.
        return f"{row['percent']:.1f}\n({percentage(row['corrected_percent'])})"

    return wide_table(
        names([*dict.fromkeys(study.accuracy["model"]), CHANCE]),
        by_direction(study.quality["labels"]),
        cell,
        f"mAP@N on {study.data} in percent under true, predicted and damaged evaluation labels; "
        "in parentheses corrected for chance.",
    )


def in_words(study: LabelStudy) -> Text:
    """How good the labels are, how far the scores fall, and whether the order of models stays."""
    predicted = study.quality.set_index("labels").loc[PREDICTED]
    means = study.accuracy.groupby(["labels", "direction"], sort=False)["percent"].mean()
    sentences = [
        f"Query2Label predicts the labels of {study.data} with an mAP of "
        f"{predicted['map_percent']:.1f} % over categories and a micro F1 of "
        f"{predicted['micro_f1_percent']:.1f} % at the threshold {study.threshold:.2f}; its "
        f"probabilities are off by {predicted['calibration_error_percent']:.1f} points on average."
    ]
    for direction, title in DIRECTIONS.items():
        ranking = study.ranking[study.ranking["direction"] == direction].set_index("labels")
        for name in (label for label in ranking.index if label != TRUE):
            change = means[name, direction] - means[TRUE, direction]
            sentences.append(
                f"{title.capitalize()}, under *{name}*: "
                + _order(ranking.loc[name], ranking.loc[TRUE], change)
            )
    return bullets(sentences)


def _order(row: pd.Series, true: pd.Series, change: float) -> str:
    if not row["best"]:
        return "all entries score the same under these labels, or none has a score."
    best = name_of(row["best"])
    same = row["best"] == true["best"]
    return (
        f"mean mAP@N changes by {change:+.1f} points; the order of the {row['entries']} entries "
        f"agrees with the true one to Kendall's tau {row['kendall_tau']:.2f}, and the best is "
        + (f"still {best}." if same else f"{best} instead of {name_of(true['best'])}.")
    )
