"""Tables and sentences that show themselves: HTML or Markdown in a notebook, text on a terminal."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

import pandas as pd

MARK = "†"


@dataclass(frozen=True)
class Marked:
    """A cell whose text carries marks that lead somewhere. links: title -> address, one a mark."""

    text: str
    links: Mapping[str, str]

    def __str__(self) -> str:
        first, *more = self.text.split("\n")
        return "\n".join([first + MARK * len(self.links), *more])

    def html(self) -> str:
        """The text, its marks each a link."""
        links = (
            f'<a href="{escape(address)}" title="{escape(title)}">{MARK}</a>'
            for title, address in self.links.items()
        )
        first, small = _in_lines(self.text)
        return f"{first}<sup>{''.join(links)}</sup>{small}"


@dataclass(frozen=True)
class Linked:
    """A cell whose first line leads somewhere."""

    text: str
    address: str

    def __str__(self) -> str:
        return self.text

    def html(self) -> str:
        """The text, its first line a link."""
        first, small = _in_lines(self.text)
        return f'<a href="{escape(self.address)}">{first}</a>{small}'


def _in_lines(text: str) -> tuple[str, str]:
    """HTML of the first line, and of the rest, which is printed small."""
    first, *rest = map(escape, text.split("\n"))
    return first, "".join(f"<br><small>{line}</small>" for line in rest)


@dataclass(frozen=True)
class Table:
    """A table of texts with a caption; it scrolls in its own box when the page is narrow.

    The columns of `frame` are texts, or pairs (heading, column): equal headings that stand side by
    side are printed once, above their columns. What follows a line break in a cell is printed
    small, line by line. `words`: the columns that hold words, and are set left; the others hold
    numbers. A cell may be `Linked`, or `Marked`, and then the caption says what the mark is.
    """

    frame: pd.DataFrame
    caption: str = ""
    words: Sequence[str] = ()
    header: bool = True

    def _repr_html_(self) -> str:
        says = self._says()
        caption = f"<caption>{escape(says)}</caption>" if says else ""
        head = f"<thead>{''.join(self._head())}</thead>" if self.header else ""
        body = "".join(self._row(row) for row in self.frame.itertuples(index=False))
        table = f'<table class="fico-table">{caption}{head}<tbody>{body}</tbody></table>'
        return f'<div class="fico-scroll">{table}</div>'

    def _says(self) -> str:
        marks = self.frame.map(lambda value: isinstance(value, Marked)).any(axis=None)
        note = f"{MARK} leads to what is odd about a cell."
        return f"{self.caption} {note}".strip() if marks else self.caption

    def _head(self) -> Iterator[str]:
        pairs = [c if isinstance(c, tuple) else ("", c) for c in self.frame.columns]
        if any(heading for heading, _ in pairs):
            cells = [(h, len(list(same))) for h, same in groupby(h for h, _ in pairs)]
            spans = (f'<th colspan="{n}" class="span">{escape(h)}</th>' for h, n in cells)
            yield f"<tr>{''.join(spans)}</tr>"
        yield f"<tr>{''.join(self._cell('th', name, name) for _, name in pairs)}</tr>"

    def _row(self, row: tuple) -> str:
        names = [c[1] if isinstance(c, tuple) else c for c in self.frame.columns]
        cells = (self._cell("td", name, value) for name, value in zip(names, row, strict=True))
        return f"<tr>{''.join(cells)}</tr>"

    def _cell(self, tag: str, column: str, value: object) -> str:
        if isinstance(value, Marked | Linked):
            inner = value.html()
        else:
            inner = "".join(_in_lines(str(value)))
        kind = ' class="words"' if column in self.words else ""
        return f"<{tag}{kind}>{inner}</{tag}>"

    def __repr__(self) -> str:
        flat = self.frame.map(lambda value: str(value).replace("\n", " "))
        return f"{self._says()}\n{flat.to_string(index=False, header=self.header)}"


@dataclass(frozen=True)
class Text:
    """Sentences for a reader, whose numbers come from results."""

    markdown: str

    def _ipython_display_(self) -> None:
        if self.markdown:
            raise NotImplementedError  # IPython goes on to the Markdown; else nothing is shown

    def _repr_markdown_(self) -> str:
        return self.markdown

    def __repr__(self) -> str:
        return self.markdown


def bullets(sentences: list[str]) -> Text:
    """Sentences as a list."""
    return Text("\n".join(f"- {sentence}" for sentence in sentences))


def plain(text: str) -> str:
    """Foreign text for a page: shown as it is, whatever Markdown or HTML is in it.

    >>> print(plain("a *b* <script>"))
    a \\*b\\* &lt;script&gt;
    """
    return re.sub(r"([\\`*_{}\[\]()#+!|~$-])", r"\\\1", escape(text, quote=False))


def pairs(rows: dict[str, object]) -> Table:
    """A two-column table of names and values, without a header."""
    frame = pd.DataFrame({"name": rows.keys(), "value": map(str, rows.values())})
    return Table(frame, words=("name", "value"), header=False)


def with_interval(value: float, low: float, high: float) -> str:
    """A percentage, and its interval on a line of its own; 100 without decimals, which is shorter.

    >>> with_interval(31.24, 28.5, 34.0)
    '31.2\\n[28.5, 34.0]'
    >>> with_interval(99.98, 99.9, 100.0)
    '100.0\\n[99.9, 100]'
    """
    ends = ", ".join(f"{end:.1f}".replace("100.0", "100") for end in (low, high))
    return f"{value:.1f}\n[{ends}]"


def interval_of(row: Mapping, value: str = "percent", low: str = "low", high: str = "high") -> str:
    """A row's percentage with its interval, each in a column; nothing where there is no value."""
    return "" if pd.isna(row[value]) else with_interval(row[value], row[low], row[high])


def percentage(value: float | None) -> str:
    """A percentage, "n/a" where there is none: a partly reranked list ends at some depth.

    >>> percentage(31.24), percentage(None)
    ('31.2', 'n/a')
    """
    return "n/a" if pd.isna(value) else f"{value:.1f}"


def stated(row: Mapping) -> str:
    """A row's percentage and its interval, for a sentence.

    >>> stated({"percent": 31.24, "low": 28.5, "high": 34.0})
    '31.2 % [28.5, 34.0]'
    """
    return f"{row['percent']:.1f} % [{row['low']:.1f}, {row['high']:.1f}]"


def signed(row: Mapping, between: str = " ", value: str = "gap_percent") -> str:
    """A row's difference in points, in the column `value`, and its interval, all with their signs.

    >>> signed({"gap_percent": 1.25, "low": -0.5, "high": 3.0})
    '+1.2 [-0.5, +3.0]'
    """
    return f"{row[value]:+.1f}{between}[{row['low']:+.1f}, {row['high']:+.1f}]"


def written(value: str | float) -> str:
    """A number as a reader expects it.

    >>> written(25000), written(32.91)
    ('25,000', '32.9')
    """
    if isinstance(value, str):
        return value
    return f"{value:,}" if float(value).is_integer() else f"{value:,.1f}"


def transposed(rows: pd.DataFrame, across: str, caption: str = "") -> Table:
    """Tidy rows turned: a column for each value of `across`, a line for each other column."""
    others = [column for column in rows.columns if column != across]
    frame = pd.DataFrame({"": [c.replace("_percent", " (%)").replace("_", " ") for c in others]})
    for row in rows.to_dict("records"):
        frame[row[across]] = [written(row[column]) for column in others]
    return Table(frame, caption, words=("",))
