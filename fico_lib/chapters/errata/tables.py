"""What a reader of the errata sees: the published tables with their marks, and each finding."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import pandas as pd

from fico_lib.chapters.errata.finding import PAPER, SEVERITIES
from fico_lib.chapters.errata.results import BETWEEN, findings
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report import published
from fico_lib.report.published.layout import HEADINGS
from fico_lib.report.table import Marked, Table, Text, bullets

BREAK = "<br>"
DATASETS = {"mscoco": "MS-COCO", "flickr30k": "Flickr30K"}
QUANTITIES = {
    "encoding_time": "Encoding time",
    "embedding_size": "Embeddings",
    "feature_size": "Features",
    "attention_time": "Attention",
    "index_time": "Index",
    "search_time": "Search",
}


@dataclass(frozen=True)
class Entries:
    """Findings one below the other, each with an anchor of its name."""

    rows: pd.DataFrame

    def _repr_html_(self) -> str:
        return "".join(map(_entry, self.rows.to_dict("records")))

    def __repr__(self) -> str:
        return "\n\n".join(
            f"{row['title']} ({row['place']}; {row['severity']})\n{row['printed']}\n"
            f"{row['arithmetic']}\n{row['reason']}"
            for row in self.rows.to_dict("records")
        )


def _entry(row: dict) -> str:
    parts = {"Printed": row["printed"], "Arithmetic": row["arithmetic"].replace(BETWEEN, "\n")}
    parts |= {"Likeliest reason": row["reason"]}
    parts |= {} if row["source"] == PAPER else {"Rests on": row["source"]}
    lines = "".join(
        f"<dt>{label}</dt><dd>{BREAK.join(map(escape, text.splitlines()))}</dd>"
        for label, text in parts.items()
        if text
    )
    place = " · ".join(filter(None, (row["place"], SEVERITIES[row["severity"]])))
    return (
        f'<div class="fico-finding" id="{row["finding"]}"><p><strong>{escape(row["title"])}'
        f"</strong><br><small>{escape(place)}</small></p><dl>{lines}</dl>{_code(row)}</div>"
    )


def _code(row: dict) -> str:
    """The function that computes the arithmetic, folded; nothing where there is none."""
    if not row["arithmetic"]:
        return ""
    source = inspect.getsource(findings()[row["finding"]].arithmetic)
    function = source[source.index("\ndef ") + 1 :]  # without the decorator, which is the text
    return f"<details><summary>The arithmetic</summary><pre>{escape(function)}</pre></details>"


def of_table(rows: pd.DataFrame, table: int | None) -> Entries | Text:
    """The findings of a published table; of the text where `table` is None."""
    part = rows[rows["table"].isna() if table is None else rows["table"] == table]
    return Entries(part) if len(part) else Text("No finding of this kind is shown.")


def printed(number: int, dataset: str | None = None) -> Table:
    """A published table, or its half of one data set, as printed; its suspect cells marked."""
    rows = list(_models() if number == 1 else _cells(number, dataset))
    name = f", {DATASETS[dataset]}" if dataset else ""
    bold = " * is bold in the paper." if number in (2, 4) else ""
    caption = f"Table {number} of the paper{name}: {published.TABLES[number]}.{bold}"
    return Table(pd.DataFrame(rows).fillna(""), caption, words=("model", "index", "Approach"))


def _models() -> Iterator[dict[str, str | Marked]]:
    names = published.table(1).set_index("model")["name"]
    for model, row in published.wide(1).drop("adv64").iterrows():  # the paper has one row of ADV
        cells = dict(row)
        cells["Dim"] = published.marked(1, str(model), cells[HEADINGS["dimension_printed"]])
        yield {"model": names[model]} | cells


def _cells(number: int, dataset: str | None) -> Iterator[dict]:
    frame = published.table(number)
    if dataset:
        frame = frame[frame["dataset"] == dataset]
    rows = ["size", "index"] if number == 7 else ["model"]
    for _, part in frame.groupby(rows, sort=False):
        first = part.iloc[0]
        line = {("", "index" if number == 7 else "model"): first["name"]}
        line |= {("", "size"): first["size"]} if number == 7 else {}
        for cell in part.itertuples():
            text = cell.printed + ("*" if cell.note == "bold" else "")
            line[_heading(number, cell)] = published.marked(number, cell.cell, text)
        yield line


def _heading(number: int, cell) -> tuple[str, str]:
    if number == 7:
        return "", QUANTITIES.get(cell.quantity, cell.quantity)
    if number > 4:
        return QUANTITIES[cell.quantity], cell.size
    return DIRECTIONS[cell.direction], cell.metric


def overview(rows: pd.DataFrame) -> Table:
    """How many findings there are, by place and by how much they matter."""
    places = rows["table"].map(lambda number: "Text" if pd.isna(number) else f"Table\u00a0{number}")
    counts = pd.crosstab(places, rows["severity"])
    counts = counts.reindex(columns=[name for name in SEVERITIES if name in counts])
    frame = counts.rename(columns=SEVERITIES).reset_index(names="place")
    return Table(frame, "Findings by place and by how much they matter.", words=("place",))


def takeaways(rows: pd.DataFrame) -> Text:
    """What the errata say, in sentences."""
    counts = rows["severity"].value_counts()
    kinds = "; ".join(
        f"{counts[name]}: {SEVERITIES[name]}" for name in SEVERITIES if name in counts
    )
    cells, tables = published.anomalies(), range(1, 8)
    total = sum(len(published.table(number)) for number in tables)
    suspect = len(cells.drop_duplicates(["table", "cell"]))
    concluded = rows.loc[rows["severity"] == "conclusion", "title"]
    sentences = [
        f"{len(rows)} places of the paper disagree with another place, or stand out ({kinds}).",
        f"Of the {total} cells and rows of its seven tables {suspect} carry a mark; nothing was "
        "found against the others.",
    ]
    if len(concluded):
        sentences.append(f"What a reader should know before citing: {'; '.join(concluded)}.")
    return bullets(sentences)


def figures() -> Text:
    """Figures 1 and 2 of the paper, which have no counterpart here: why, and Figure 1's numbers."""
    wide = published.wide(5)
    time, size = (
        wide[q, s] for q, s in (("encoding_time", "100K/500K"), ("embedding_size", "1M/5M"))
    )
    return bullets(
        [
            "*Figure 1* illustrates the two kinds of search with IMRAM and UCCH, and compares what "
            f"they cost. The numbers are Table 5's: IMRAM encodes 100K/500K in "
            f"{time['imram'] / time['ucch']:.1f} times the time of UCCH, and its embeddings take "
            f"{size['imram'] / size['ucch']:.0f} times the space (at one byte per bit).",
            "*Figure 2* is a drawing of the toolkit's parts; there is nothing in it to measure.",
        ]
    )
