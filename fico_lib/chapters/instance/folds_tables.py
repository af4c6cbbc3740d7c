"""A cross-validation, as a reader of the instance chapter sees it."""

import pandas as pd

from fico_lib.chapters.instance.folds import CrossValidation
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report.table import Table, Text, interval_of, percentage
from fico_lib.report.wide_table import each_direction, wide_table

GAP = ["model", "than", "direction", "k"]  # what tells one difference from another


def facts(crossed: CrossValidation) -> Text:
    """The size of the cross-validation."""
    if not crossed.numbers:
        return Text("No cross-validation was run (parameter `folds`).")
    images, captions = crossed.candidates
    return Text(
        f"{len(crossed.numbers)} folds test {crossed.images:,} images, each once, among at most "
        f"{images:,} images and {captions:,} captions, with one training per model and fold."
    )


def table(crossed: CrossValidation) -> Table | None:
    """R@k over the queries of all folds, with intervals, and the first k fold by fold, if any."""
    if crossed.recall.empty:
        return None
    first = crossed.recall["k"].min()
    rows = crossed.recall.set_index(["model", "direction", "k"])
    single = crossed.folds[crossed.folds["k"] == first]
    single = single.set_index(["model", "direction", "fold"])["percent"]
    columns = {("k", k): ("all folds", f"R@{k}") for k in dict.fromkeys(crossed.recall["k"])}
    columns["chance", first] = ("all folds", "chance")
    columns |= {("fold", n): (f"R@{first} of fold", str(n)) for n in crossed.numbers}

    def cell(model: str, direction: str, kind: str, number: int) -> str:
        key = (model, direction, number)
        if kind == "fold":
            return percentage(single[key])
        if kind == "chance":
            return percentage(rows["chance_percent"].get(key))
        return interval_of(rows.loc[key]) if key in rows.index else "n/a"

    return wide_table(
        each_direction(dict.fromkeys(crossed.recall["model"])),
        columns,
        cell,
        f"Queries of all folds answered within the first k, in percent, with 95 % intervals over "
        f"{crossed.images:,} images; the chance level is that of R@{first}.",
        labels=("model", "direction"),
    )


def gaps(crossed: CrossValidation, split: pd.DataFrame) -> Table | None:
    """Fine-grained models minus codes, if any: over the one split (its gaps) and over all folds."""
    pairs = _pairs(crossed, split)
    if not pairs:
        return None
    rows = [
        {
            "models": f"{folded['model']} - {folded['than']}",
            "direction": DIRECTIONS[folded["direction"]],
            "one split": interval_of(alone, "gap_percent"),
            "all folds": interval_of(folded, "gap_percent"),
        }
        for folded, alone in pairs
    ]
    return Table(
        pd.DataFrame(rows),
        f"R@{crossed.gaps['k'].min()} of each fine-grained model minus that of each code, in "
        "points with 95 % intervals: over the test images of the one split, and over those of all "
        "folds.",
        words=("models", "direction"),
    )


def _pairs(crossed: CrossValidation, split: pd.DataFrame) -> list[tuple[dict, dict]]:
    """Differences at the first k over all folds, each with the same one over the one split."""
    if crossed.gaps.empty or split.empty:
        return []
    alone = {tuple(row[name] for name in GAP): row for row in split.to_dict("records")}
    first = crossed.gaps[crossed.gaps["k"] == crossed.gaps["k"].min()].to_dict("records")
    keyed = [(tuple(row[name] for name in GAP), row) for row in first]
    return [(row, alone[key]) for key, row in keyed if key in alone]


def takeaways(crossed: CrossValidation, split: pd.DataFrame) -> list[str]:
    """How many differences the one split resolves, and how many all folds do."""
    pairs = _pairs(crossed, split)
    if not pairs:
        return []
    both = [pd.DataFrame(rows) for rows in zip(*pairs, strict=True)]
    clear = [int(((rows["low"] > 0) | (rows["high"] < 0)).sum()) for rows in both]
    half = [float(((rows["high"] - rows["low"]) / 2).median()) for rows in both]
    return [
        f"Of {len(pairs)} differences between a fine-grained model and a code at rank "
        f"{crossed.gaps['k'].min()}, {clear[0]} exceed the uncertainty of the "
        f"{crossed.images:,} images of {len(crossed.numbers)} folds, {clear[1]} that of the one "
        f"split's: the median interval is ± {half[0]:.1f} points with folds, ± {half[1]:.1f} "
        "without."
    ]
