"""Repeated captions and classes, as a reader of the instance chapter sees them."""

import pandas as pd

from fico_lib.chapters.instance.repeats import CLASS, DUPLICATES, USUAL, Repeats
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report.reference_rows import CAPTIONS, CHANCE, LABELS, NAMES
from fico_lib.report.table import Table, Text, bullets, interval_of, percentage, stated
from fico_lib.report.wide_table import each_direction, wide_table

JUDGEMENTS = {
    USUAL: "as usual",
    DUPLICATES: "repeated captions count",
    CLASS: "among its own class",
}
MEANINGS = {
    DUPLICATES: "Repeated captions count: a caption is right for every image that has its text.",
    CLASS: "Among its own class: only images of the query's class, and their captions, are "
    "candidates.",
}


def facts(repeats: Repeats) -> Text:
    """How often captions repeat, and whether there are classes to rank within."""
    classes = (
        f"Every image has one of {repeats.classes} labels, so that it can be compared with those "
        "of its own class alone."
        if repeats.classes
        else "Images do not have single labels: there are no classes to rank within."
    )
    return bullets([_repeats(repeats), classes])


def _repeats(repeats: Repeats) -> str:
    captions = (
        f"{repeats.shared:,} of the {repeats.captions:,} captions have a text that describes "
        "several test images"
    )
    if repeats.sharing:
        return (
            f"{repeats.sharing:,} of the {repeats.images:,} test images share their whole set of "
            f"captions with another; there are {repeats.sets:,} distinct sets. {captions}."
        )
    if repeats.shared:
        share = 100 * repeats.shared / repeats.captions
        return (
            f"Each of the {repeats.images:,} test images has a set of captions of its own. "
            f"{captions}: to count repeats as right would concern {share:.1f} % of the text "
            "queries."
        )
    return f"Every text of the {repeats.images:,} test images belongs to one image alone."


def table(repeats: Repeats) -> Table | None:
    """R@k as usual, with repeats counted, and among the images of the query's class, if any."""
    if repeats.recall.empty:
        return None
    rows = repeats.recall.set_index(["model", "direction", "judgement", "k"])
    chance = repeats.recall.groupby(["direction", "judgement", "k"])["chance_percent"].first()

    def cell(model: str, *place) -> str:
        if model == CHANCE:
            return percentage(chance[place])
        key = (model, *place)
        return interval_of(rows.loc[key]) if key in rows.index else "n/a"

    meanings = " ".join(MEANINGS[j] for j in repeats.judgements if j in MEANINGS)
    return wide_table(
        each_direction([*dict.fromkeys(repeats.recall["model"]), CHANCE]),
        {
            (judgement, k): (JUDGEMENTS[judgement], f"R@{k}")
            for judgement in repeats.judgements
            for k in sorted(set(repeats.recall["k"]))
        },
        cell,
        f"The same rankings, judged in several ways, in percent with 95 % intervals. {meanings}",
        labels=("model", "direction"),
    )


def gaps(repeats: Repeats) -> Table | None:
    """By how much fine-grained models are ahead of each code, in every way to judge, if any."""
    if repeats.gaps.empty:
        return None
    k = repeats.gaps["k"].min()
    first = repeats.gaps[repeats.gaps["k"] == k]
    rows = first.set_index(["model", "direction", "judgement", "than"])
    return wide_table(
        each_direction(dict.fromkeys(first["model"])),
        {
            (judgement, code): (JUDGEMENTS[judgement], f"- {code}")
            for judgement in dict.fromkeys(first["judgement"])
            for code in dict.fromkeys(first["than"])
        },
        lambda *key: interval_of(rows.loc[key], "gap_percent") if key in rows.index else "n/a",
        f"R@{k} of each fine-grained model minus that of each code, in points, judged in several "
        "ways.",
        labels=("model", "direction"),
    )


def takeaways(repeats: Repeats) -> list[str]:
    """What repeated captions and classes leave to the models, in sentences."""
    if repeats.recall.empty:
        return []
    rows = repeats.recall[repeats.recall["k"] == repeats.recall["k"].min()]
    rows = rows.set_index(["judgement", "model", "direction"]).sort_index()
    return [*_sharing(repeats, rows), *_within_classes(repeats, rows)]


def _sharing(repeats: Repeats, rows: pd.DataFrame) -> list[str]:
    if not repeats.sharing or (USUAL, CAPTIONS, "i2t") not in rows.index:
        return []
    captions = [rows.loc[(USUAL, CAPTIONS, d), "percent"] for d in DIRECTIONS]
    sentence = (
        f"{repeats.sharing:,} of {repeats.images:,} test images share all their captions with "
        "another. A scorer that knows every image's texts, and guesses where images share them, "
        f"answers {captions[0]:.1f} % (image to text) and {captions[1]:.1f} % (text to image) of "
        f"the queries at rank {repeats.recall['k'].min()}"
    )
    if (USUAL, LABELS, "i2t") in rows.index:
        labels = [rows.loc[(USUAL, LABELS, d), "percent"] for d in DIRECTIONS]
        sentence += f"; one that knows only labels, {labels[0]:.1f} % and {labels[1]:.1f} %"
    return [sentence + "."]


def _within_classes(repeats: Repeats, rows: pd.DataFrame) -> list[str]:
    if CLASS not in repeats.judgements:
        return []
    parts = []
    for direction, words in DIRECTIONS.items():
        models = rows.loc[CLASS].xs(direction, level="direction").drop(list(NAMES), errors="ignore")
        top = models.loc[models["percent"].idxmax()]
        parts.append(
            f"{words}, **{top.name}** with {stated(top)} (chance: {top['chance_percent']:.1f} %)"
        )
    return [
        "Among the images of a query's own class, the best at rank "
        f"{repeats.recall['k'].min()} are: {'; '.join(parts)}."
    ]
