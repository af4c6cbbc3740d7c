"""Tables for a reader: numbers formatted, intervals beside them, a caption, and room to scroll."""

from dataclasses import dataclass
from html import escape

import pandas as pd


@dataclass(frozen=True)
class Table:
    """A table of texts that shows itself in a notebook (HTML) and on a terminal (text)."""

    frame: pd.DataFrame
    caption: str = ""
    header: bool = True

    def _repr_html_(self) -> str:
        body = self.frame.to_html(
            border=0, classes="fico-table", escape=True, index=False, header=self.header
        )
        caption = f'<p class="fico-caption">{escape(self.caption)}</p>' if self.caption else ""
        return f'<div class="fico-scroll">{caption}{body}</div>'

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.frame.to_string(index=False, header=self.header)}"


def pairs(rows: dict[str, object]) -> Table:
    """A two-column table of names and values, without a header."""
    return Table(pd.DataFrame({"": rows.keys(), " ": map(str, rows.values())}), header=False)


def with_interval(value: float, low: float, high: float) -> str:
    """A percentage with its interval.

    >>> with_interval(31.24, 28.5, 34.0)
    '31.2 [28.5, 34.0]'
    """
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"


@dataclass(frozen=True)
class Text:
    """Sentences for a reader, whose numbers come from results; shown as Markdown."""

    markdown: str

    def _repr_markdown_(self) -> str:
        return self.markdown

    def __repr__(self) -> str:
        return self.markdown


def bullets(sentences: list[str]) -> Text:
    """Sentences as a list."""
    return Text("\n".join(f"- {sentence}" for sentence in sentences))


def numbers(rows: pd.DataFrame, caption: str = "", digits: int = 1) -> Table:
    """A table of tidy rows as a reader expects it: spaces in names, few digits, 1,000s marked."""
    frame = rows.copy()
    for column in frame.columns:
        if pd.api.types.is_integer_dtype(frame[column]):
            frame[column] = [f"{value:,}" for value in frame[column]]
        elif pd.api.types.is_float_dtype(frame[column]):
            frame[column] = [f"{value:.{digits}f}" for value in frame[column]]
    frame.columns = [c.replace("_percent", " (%)").replace("_", " ") for c in frame.columns]
    return Table(frame, caption)
