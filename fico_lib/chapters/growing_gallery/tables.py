"""What a reader of the chapter on galleries that grow sees as tables and sentences."""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd

from fico_lib.chapters.growing_gallery.results import (
    ALL_RIGHT,
    DISTINCT,
    FIRST,
    ONE_RIGHT,
    TEN,
    Rows,
)
from fico_lib.evaluation.growing.twins import LABELS, TEXTS
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report.table import Table, Text, bullets, interval_of, percentage, signed, stated

ONE_SIZE = "*Not run*: these data have no further images, so the gallery does not grow."
COLUMNS = 6  # sizes of a table, at most
CHANCE = "chance"


def shown(sizes: list[int]) -> list[int]:
    """Some of the sizes, evenly spread, with the first and the last.

    >>> shown([1, 2, 5, 10, 20, 50, 100, 200, 500])
    [1, 5, 10, 50, 100, 500]
    """
    if len(sizes) <= COLUMNS:
        return list(sizes)
    places = np.linspace(0, len(sizes) - 1, COLUMNS).round().astype(int)
    return [sizes[place] for place in places]


def _title(size: int) -> str:
    return f"{size:,}"


def share(row: Mapping, value: str = "percent", low: str = "low", high: str = "high") -> str:
    """A percentage with its interval; below one, where a large gallery leaves little, finer.

    >>> share({"percent": 0.234, "low": 0.1, "high": 0.456})
    '0.23\\n[0.10, 0.46]'
    """
    if abs(row[value]) >= 1:
        return interval_of(row, value, low, high)
    return f"{row[value]:.2f}\n[{row[low]:.2f}, {row[high]:.2f}]"


def _length(bits: int) -> str:
    return f"{bits} bits" if bits else "float"


def quality(found: Rows, metric: str = FIRST) -> Table:
    """A metric of each ranker in galleries that grow, and chance."""
    rows = found.growth[(found.growth["metric"] == metric) & (found.growth["without"] == "")]
    cells = rows.set_index(["ranker", "direction", "size"])
    lines = [
        {"ranking by": name, "": _length(bits), "direction": direction}
        | {_title(size): share(cells.loc[name, direction, size]) for size in shown(found.sizes)}
        for direction, (name, bits) in product(DIRECTIONS, found.bits.items())
    ]
    name = next(iter(found.bits))
    lines += [
        {"ranking by": CHANCE, "": "", "direction": direction}
        | {
            _title(size): f"{cells.loc[(name, direction, size), 'chance_percent']:.2g}"
            for size in shown(found.sizes)
        }
        for direction in DIRECTIONS
    ]
    return Table(
        pd.DataFrame(lines),
        f"{metric} (percent, 95 % interval) by the number of images in the gallery. The queries "
        "stay the same; from image to text the gallery holds the captions of as many images.",
        words=("ranking by", "", "direction"),
    )


def medians(found: Rows) -> Table:
    """Half of the queries have their answer at this rank or before it."""
    cells = found.medians.set_index(["ranker", "direction", "size"])["rank"]
    lines = [
        {("", "ranking by"): name}
        | {
            (title, _title(size)): f"{cells[name, direction, size]:,.0f}"
            for direction, title in DIRECTIONS.items()
            for size in shown(found.sizes)
        }
        for name in found.bits
    ]
    return Table(
        pd.DataFrame(lines),
        "Median rank of the best right answer, by the number of images in the gallery.",
        words=("ranking by",),
    )


def left(found: Rows) -> Table | Text:
    """What is left of R@1 in the smallest gallery."""
    if found.kept.empty:
        return Text(ONE_SIZE)
    cells = found.kept.set_index(["ranker", "direction", "size"])
    lines = [
        {("", "ranking by"): name, ("", "length"): _length(bits)}
        | {
            (title, _title(size)): share(cells.loc[name, direction, size])
            if (name, direction, size) in cells.index
            else "n/a"
            for direction, title in DIRECTIONS.items()
            for size in shown(found.sizes[1:])
        }
        for name, bits in found.bits.items()
    ]
    return Table(
        pd.DataFrame(lines),
        f"What is left of R@1 in a gallery of {found.sizes[0]:,} images (percent of it, 95 % "
        "interval, paired).",
        words=("ranking by", "length"),
    )


def controls(found: Rows) -> Table:
    """R@1 in the largest gallery, with and without the candidates that look right."""
    rows = found.growth[
        (found.growth["metric"] == FIRST) & (found.growth["size"] == found.sizes[-1])
    ]
    cells = rows.set_index(["ranker", "direction", "without"])
    titles = {"": "all candidates", TEXTS: "other texts only", LABELS: "other kinds only"}
    lines = [
        {("", "ranking by"): name}
        | {
            (title, words): share(cells.loc[name, direction, without])
            for direction, title in DIRECTIONS.items()
            for without, words in titles.items()
        }
        for name in found.bits
    ]
    return Table(
        pd.DataFrame(lines),
        f"R@1 (percent, 95 % interval) among {found.sizes[-1]:,} images: of all candidates; "
        "without those with a text of the query or of its answer; without scenes that show the "
        "same kinds of objects.",
        words=("ranking by",),
    )


def twins(found: Rows) -> Text:
    """How many candidates are not told apart from the answer, in sentences."""
    cells = found.twins.set_index(["direction", "kind", "size"])
    ends = found.sizes[0], found.sizes[-1]

    def says(kind: str, size: int) -> str:
        row = cells.loc["t2i", kind, size]
        return f"{row['mean']:,.3g} on average, for {row['queries_percent']:.1f} % of the queries"

    lines = {
        TEXTS: "Images that have the very words of the query among their own captions",
        LABELS: "Images that show the same kinds of objects as the one that is described",
    }
    return bullets(
        [
            f"{words}, besides the right one: among {ends[0]:,} images {says(kind, ends[0])}; "
            f"among {ends[1]:,} images {says(kind, ends[1])}."
            for kind, words in lines.items()
        ]
    )


def copies(found: Rows, direction: str = "t2i") -> Table:
    """The same size of gallery, reached in three ways."""
    rows = found.copies[found.copies["direction"] == direction]
    cells = rows.set_index(["ranker", "metric", "gallery", "size"])
    size = found.sizes[-1]
    lines = [
        {("", "ranking by"): name}
        | {
            (metric, way): share(cells.loc[name, metric, way, size])
            for metric in (FIRST, TEN)
            for way in (DISTINCT, ALL_RIGHT, ONE_RIGHT)
        }
        for name in found.bits
    ]
    return Table(
        pd.DataFrame(lines),
        f"{DIRECTIONS[direction].capitalize()} in a gallery of {size:,} images (percent, 95 % "
        f"interval): distinct ones, or the {found.sizes[0]:,} of the test split copied until there "
        "are as many, every copy of the right image being right, or one alone.",
        words=("ranking by",),
    )


def laws(found: Rows, metric: str = FIRST) -> Table | Text:
    """The law's exponent, and its prediction beside what was found in the largest gallery."""
    rows = found.laws[(found.laws["metric"] == metric) & (found.laws["size"] == found.sizes[-1])]
    if rows.empty:
        return Text(
            "*Not fitted*: the law takes three sizes at least, with a right answer in each."
        )
    lines = []
    for row in rows.to_dict("records"):
        gap = {end: row[f"gap_{end}"] for end in ("percent", "low", "high")}
        shape, *ends = (f"{row[name]:.2f}" for name in ("shape", "shape_low", "shape_high"))
        predicted = {end: row[f"predicted_{end}"] for end in ("percent", "low", "high")}
        lines.append(
            {
                "ranking by": row["ranker"],
                "direction": row["direction"],
                "exponent a": f"{shape}\n[{', '.join(ends)}]",
                "scale b": f"{row['scale']:.2g}",
                "predicted": share(predicted),
                "found": share(row),
                "predicted - found": signed(gap, "\n", "percent")
                if row["percent"] >= 1
                else share(gap),
            }
        )
    fitted = [size for size in found.sizes if size not in set(found.laws["size"])]
    return Table(
        pd.DataFrame(lines),
        f"The law fitted to R@1 in galleries of {', '.join(map(_title, fitted))} images, and what "
        f"it says of {metric} among {found.sizes[-1]:,} (percent, 95 % interval, paired).",
        words=("ranking by", "direction"),
    )


def takeaways(found: Rows) -> Text:
    """The chapter in a few sentences."""
    if found.kept.empty:
        return Text(ONE_SIZE)
    ends, sentences = (found.sizes[0], found.sizes[-1]), []
    rows = found.growth[(found.growth["metric"] == FIRST) & (found.growth["without"] == "")]
    cells = rows.set_index(["ranker", "direction", "size"])
    best = cells.loc[[(name, "t2i", ends[0]) for name in found.bits], "percent"].idxmax()[0]
    first, last = (stated(cells.loc[best, "t2i", size]) for size in ends)
    sentences.append(
        f"A sentence finds its image less often the more images there are: with {best}, the best "
        f"of the smallest gallery, R@1 goes from {first} among {ends[0]:,} to {last} among "
        f"{ends[1]:,}."
    )
    kept = found.kept[(found.kept["direction"] == "t2i") & (found.kept["size"] == ends[1])]
    most, least = (kept.loc[getattr(kept["percent"], end)()] for end in ("idxmax", "idxmin"))
    sentences.append(
        f"Of R@1, {stated(most)} are left with {most['ranker']}, which keeps most, and "
        f"{stated(least)} with {least['ranker']}, which keeps least."
    )
    copied = found.copies.set_index(["ranker", "direction", "metric", "gallery", "size"])
    same = copied.loc[best, "t2i", FIRST, ALL_RIGHT, ends[1]]
    sentences.append(
        f"Copies hide it: with the test split copied to {ends[1]:,} images, R@1 of {best} is "
        f"{percentage(same['percent'])} %, as if nothing had been added."
    )
    laws = found.laws[(found.laws["metric"] == FIRST) & (found.laws["size"] == ends[1])]
    if len(laws):
        inside = int(((laws["gap_low"] <= 0) & (laws["gap_high"] >= 0)).sum())
        seen = laws[laws["percent"] > 0]
        ratio = seen["predicted_percent"] / seen["percent"]
        sentences.append(
            f"A law of two numbers, fitted to the smaller galleries, predicts R@1 in the largest: "
            f"in {inside} of {len(laws)} cases the interval of its error holds zero, and it says "
            f"{ratio.min():.2f} to {ratio.max():.2f} times what was found."
        )
    return bullets(sentences)


def recorded(runs: Sequence[tuple[Rows, dict]]) -> list[Table | Text]:
    """Larger galleries from recorded runs, each with where it comes from."""
    if not runs:
        return [Text("No such run is recorded in `book/recorded/` of this copy of the study.")]
    return [
        part
        for rows, run in runs
        for part in (_provenance(rows, run), takeaways(rows), quality(rows), left(rows), laws(rows))
    ]


def _provenance(found: Rows, run: dict) -> Text:
    machine = run["machine"]
    return Text(
        f"*Recorded*, not computed with this page: galleries of up to {found.sizes[-1]:,} images, "
        f"profile {run['profile'] or 'of its own'}, {run['started'][:10]}, {machine['processor']}, "
        f"{machine['cores']} cores, commit {run['commit'] or 'unknown'}."
    )
