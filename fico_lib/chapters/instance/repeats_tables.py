"""Repeated captions and classes, as a reader of the instance chapter sees them."""

import pandas as pd

from fico_lib.chapters.instance.repeats import CLASS, DUPLICATES, USUAL, Repeats
from fico_lib.chapters.instance.tables import interval_of, names
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report.reference_rows import CAPTIONS, LABELS, NAMES
from fico_lib.report.table import Table, Text, bullets

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


def facts(found: Repeats) -> Text:
    """How often captions repeat, and whether there are classes to rank within."""
    sentences = [_repeats(found)]
    if found.classes:
        sentences.append(
            f"Every image has one of {found.classes} labels, so that it can be compared with those "
            "of its own class alone."
        )
    else:
        sentences.append("Images do not have single labels: there are no classes to rank within.")
    return bullets(sentences)


def _repeats(found: Repeats) -> str:
    captions = (
        f"{found.shared:,} of the {found.captions:,} captions have a text that describes several "
        "test images"
    )
    if found.sharing:
        return (
            f"{found.sharing:,} of the {found.images:,} test images share their whole set of "
            f"captions with another; there are {found.sets:,} distinct sets. {captions}."
        )
    if found.shared:
        share = 100 * found.shared / found.captions
        return (
            f"Each of the {found.images:,} test images has a set of captions of its own. "
            f"{captions}: to count repeats as right would concern {share:.1f} % of the text "
            "queries."
        )
    return f"Every text of the {found.images:,} test images belongs to one image alone."


def table(found: Repeats) -> Table | None:
    """R@k as usual, with repeats counted, and among the images of the query's class, if any."""
    if found.recall.empty:
        return None
    rows = []
    for (model, direction), part in found.recall.groupby(["model", "direction"], sort=False):
        row = {("", "model"): names([model])[model], ("", "direction"): DIRECTIONS[direction]}
        cells = part.set_index(["judgement", "k"])
        for judgement, k in _columns(found):
            there = (judgement, k) in cells.index
            value = interval_of(cells.loc[(judgement, k)]) if there else "n/a"
            row[JUDGEMENTS[judgement], f"R@{k}"] = value
        rows.append(row)
    for direction, title in DIRECTIONS.items():
        part = found.recall[found.recall["direction"] == direction]
        first = part.groupby(["judgement", "k"])["chance_percent"].first()
        row = {("", "model"): "chance", ("", "direction"): title}
        row |= {(JUDGEMENTS[j], f"R@{k}"): f"{first[j, k]:.1f}" for j, k in _columns(found)}
        rows.append(row)
    meanings = " ".join(MEANINGS[j] for j in found.judgements if j in MEANINGS)
    return Table(
        pd.DataFrame(rows),
        f"The same rankings, judged in several ways, in percent with 95 % intervals. {meanings}",
        words=("model", "direction"),
    )


def _columns(found: Repeats) -> list[tuple[str, int]]:
    cuts = sorted(set(found.recall["k"]))
    return [(judgement, k) for judgement in found.judgements for k in cuts]


def gaps(found: Repeats) -> Table | None:
    """By how much fine-grained models are ahead of each code, in every way to judge, if any."""
    if found.gaps.empty:
        return None
    k, rows = int(found.gaps["k"].min()), []
    first = found.gaps[found.gaps["k"] == k]
    for (model, direction), part in first.groupby(["model", "direction"], sort=False):
        row = {("", "model"): names([model])[model], ("", "direction"): DIRECTIONS[direction]}
        for one in part.to_dict("records"):
            heading = JUDGEMENTS[one["judgement"]]
            row[heading, f"- {one['than']}"] = interval_of(one, "gap_percent")
        rows.append(row)
    return Table(
        pd.DataFrame(rows).fillna("n/a"),
        f"R@{k} of each fine-grained model minus that of each code, in points, judged in several "
        "ways.",
        words=("model", "direction"),
    )


def takeaways(found: Repeats) -> list[str]:
    """What repeated captions and classes leave to the models, in sentences."""
    if found.recall.empty:
        return []
    rows = found.recall[found.recall["k"] == found.recall["k"].min()]
    rows = rows.set_index(["judgement", "model", "direction"]).sort_index()
    return [*_sharing(found, rows), *_within_classes(found, rows)]


def _sharing(found: Repeats, rows: pd.DataFrame) -> list[str]:
    if not found.sharing or (USUAL, CAPTIONS, "i2t") not in rows.index:
        return []
    known = [rows.loc[(USUAL, CAPTIONS, d), "percent"] for d in DIRECTIONS]
    sentence = (
        f"{found.sharing:,} of {found.images:,} test images share all their captions with another. "
        "Who knows the texts of every image, and guesses where images share them, answers "
        f"{known[0]:.1f} % (image to text) and {known[1]:.1f} % (text to image) of the queries at "
        f"rank {found.recall['k'].min()}"
    )
    if (USUAL, LABELS, "i2t") in rows.index:
        labels = [rows.loc[(USUAL, LABELS, d), "percent"] for d in DIRECTIONS]
        sentence += f"; who knows labels alone, {labels[0]:.1f} % and {labels[1]:.1f} %"
    return [sentence + "."]


def _within_classes(found: Repeats, rows: pd.DataFrame) -> list[str]:
    if CLASS not in found.judgements:
        return []
    parts = []
    for direction, words in DIRECTIONS.items():
        models = rows.loc[CLASS].xs(direction, level="direction").drop(list(NAMES), errors="ignore")
        top = models.loc[models["percent"].idxmax()]
        parts.append(
            f"{words}, **{top.name}** with {top['percent']:.1f} % [{top['low']:.1f}, "
            f"{top['high']:.1f}] (chance: {top['chance_percent']:.1f} %)"
        )
    return [
        "Among the images of a query's own class, the best at rank "
        f"{found.recall['k'].min()} are: {'; '.join(parts)}."
    ]
