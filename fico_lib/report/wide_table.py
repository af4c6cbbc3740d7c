"""Wide tables: a line per model, columns under headings (often a direction), a text per cell."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product

import pandas as pd

from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.models import MODELS, model_card
from fico_lib.report import published
from fico_lib.report.reference_rows import name_of, names
from fico_lib.report.table import Marked, Table, percentage


def wide_table(
    lines: Mapping,
    columns: Mapping,
    cell: Callable[..., str | Marked],
    caption: str,
    labels: Sequence[str] = ("model",),
) -> Table:
    """A table of one line per entry of `lines` and one column per entry of `columns`.

    lines: key -> the text, or texts, of the first columns, which are headed by `labels`; columns:
    key -> (heading, column); cell: takes the parts of both keys, returns the cell's text.
    """
    rows = []
    for line, texts in lines.items():
        row = {("", label): text for label, text in zip(labels, _parts(texts), strict=True)}
        row |= {name: cell(*_parts(line), *_parts(key)) for key, name in columns.items()}
        rows.append(row)
    return Table(pd.DataFrame(rows), caption, words=labels)


def _parts(key) -> tuple:
    return key if isinstance(key, tuple) else (key,)


def by_direction(columns: Iterable[str]) -> dict[tuple, tuple[str, str]]:
    """The same columns under each direction: (direction, column) -> (title, column)."""
    return {(d, c): (DIRECTIONS[d], c) for d, c in product(DIRECTIONS, columns)}


def each_direction(models: Iterable[str]) -> dict[tuple, tuple[str, str]]:
    """A line per model and direction: (model, direction) -> (name, title)."""
    return {(m, d): (name_of(m), DIRECTIONS[d]) for m, d in product(models, DIRECTIONS)}


def beside_the_paper(
    number: int,
    dataset: str,
    metrics: Sequence[str],
    models: Iterable[str],
    percent: pd.Series,
    caption: str,
) -> Table:
    """A published table's rows as printed, and those of `models` below, in the same columns.

    A model of this run is called compact: its name is also that of a published one.

    percent: this run's values, indexed by model, direction and metric; "n/a" where it has none.
    """
    printed = published.wide(number, dataset=dataset, printed=True)
    titles = published.table(number).drop_duplicates("model").set_index("model")["name"]

    def cell(source: str, model: str, direction: str, metric: str) -> str | Marked:
        if source == "paper":
            text = printed.loc[model, (direction, metric)]
            return published.marked(number, f"{model} {dataset} {direction} {metric}", text)
        return percentage(percent.get((model, direction, metric)))

    lines = {("paper", model): (titles[model], "paper") for model in printed.index}
    lines |= {
        ("run", model): (model_card(model).compact_title if model in MODELS else name, "this run")
        for model, name in names(models).items()
    }
    return wide_table(lines, by_direction(metrics), cell, caption, labels=("model", "from"))
