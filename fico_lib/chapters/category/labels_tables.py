"""What a reader of the category chapter sees of synthetic and noisy labels."""

import pandas as pd

from fico_lib.chapters.category.labels import PREDICTED, TRUE, LabelStudy
from fico_lib.chapters.category.tables import name_of
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report.table import Table, Text, bullets


def _cell(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.1f}"


def quality(found: LabelStudy) -> Table:
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
    frame = pd.DataFrame({"evaluation labels": found.quality["labels"]})
    for column, title in titles.items():
        frame[title] = found.quality[column].map(_cell)
    return Table(
        frame,
        f"Labels of the test images of {found.data}, beside the true ones. mAP (over categories) "
        "and calibration need probabilities.",
        words=("evaluation labels",),
    )


def _with_corrected(one: pd.Series) -> str:
    if pd.isna(one["percent"]):
        return "n/a"
    above = one["corrected_percent"]  # nothing is above a chance of 100 %
    return f"{one['percent']:.1f}\n({'n/a' if pd.isna(above) else f'{above:.1f}'})"


def accuracy(found: LabelStudy) -> Table:
    """mAP@N of every entry under every set of labels, and chance."""
    sets = list(found.quality["labels"])
    values = found.accuracy.set_index(["model", "direction", "labels"])
    rows = []
    for model in dict.fromkeys(found.accuracy["model"]):
        row = {("", ""): name_of(model)}
        for direction, title in DIRECTIONS.items():
            for name in sets:
                one = values.loc[(model, direction, name)]
                row[title, name] = _with_corrected(one)
        rows.append(row)
    chance = found.accuracy.drop_duplicates(["direction", "labels"])
    chance = chance.set_index(["direction", "labels"])["chance_percent"]
    last = {("", ""): "chance"}
    for direction, title in DIRECTIONS.items():
        last |= {(title, name): _cell(chance[direction, name]) for name in sets}
    return Table(
        pd.DataFrame([*rows, last]),
        f"mAP@N on {found.data} in percent under true, predicted and damaged evaluation labels; "
        "in parentheses corrected for chance.",
        words=("",),
    )


def in_words(found: LabelStudy) -> Text:
    """How good the labels are, how far the scores fall, and whether the order of models stays."""
    predicted = found.quality.set_index("labels").loc[PREDICTED]
    means = found.accuracy.groupby(["labels", "direction"], sort=False)["percent"].mean()
    sentences = [
        f"Query2Label finds the labels of {found.data} with an mAP of "
        f"{predicted['map_percent']:.1f} % over categories and a micro F1 of "
        f"{predicted['micro_f1_percent']:.1f} % at the threshold {found.threshold:.2f}; its "
        f"probabilities are off by {predicted['calibration_error_percent']:.1f} points on average."
    ]
    for direction, title in DIRECTIONS.items():
        ranking = found.ranking[found.ranking["direction"] == direction].set_index("labels")
        for name in (label for label in ranking.index if label != TRUE):
            change = means[name, direction] - means[TRUE, direction]
            sentences.append(
                f"{title.capitalize()}, under *{name}*: "
                + _order(ranking.loc[name], ranking.loc[TRUE], change)
            )
    return bullets(sentences)


def _order(one: pd.Series, true: pd.Series, change: float) -> str:
    if not one["best"]:
        return "the labels are such that all entries score the same, or none does."
    best = name_of(one["best"])
    same = one["best"] == true["best"]
    return (
        f"mean mAP@N changes by {change:+.1f} points; the order of the {one['entries']} entries "
        f"agrees with the true one to Kendall's tau {one['kendall_tau']:.2f}, and the best is "
        + (f"still {best}." if same else f"{best} instead of {name_of(true['best'])}.")
    )
