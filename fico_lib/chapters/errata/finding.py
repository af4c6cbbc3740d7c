"""A finding: what is printed, what the arithmetic gives, and the likeliest reason."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["conclusion", "number", "remark"]
SEVERITIES: dict[Severity, str] = {
    "conclusion": "a sentence does not follow from the tables",
    "number": "a printed number, mark or name is likely to be another",
    "remark": "unusual or unclear, and nothing follows from it",
}
PAPER = "the paper itself"
EARLIER = "an earlier version of the paper, in the authors' repository"
REPOSITORY = "the authors' repository"


@dataclass(frozen=True)
class Number:
    """One number of the arithmetic. printed: as the paper has it, "" where it has none."""

    what: str
    printed: str
    computed: float
    unit: str
    decimals: int = 1


@dataclass(frozen=True)
class Finding:
    """Something in the paper that disagrees with itself, or stands out.

    name: also its anchor on the page, and in `published.anomalies` where it suspects cells; table:
    the one it belongs to, None for the text; section: of the sentence that `says` quotes, "" where
    it describes cells; reason: the likeliest one; source: what the finding rests on.
    """

    name: str
    table: int | None
    section: str
    title: str
    severity: Severity
    says: str
    reason: str
    source: str
    arithmetic: Callable[[], Iterable[Number]]

    @property
    def place(self) -> str:
        """Where it stands: "Section 5.1, Table 2"."""
        parts = [f"Section {self.section}"] if self.section else []
        return ", ".join([*parts, f"Table {self.table}"] if self.table else parts)


FINDINGS: dict[str, Finding] = {}


def finding(
    name: str,
    table: int | None,
    title: str,
    severity: Severity,
    *,
    says: str,
    reason: str,
    section: str = "",
    source: str = PAPER,
) -> Callable[[Callable[[], Iterable[Number]]], Callable[[], Iterable[Number]]]:
    """Registers the decorated function as the arithmetic of a finding."""

    def register(arithmetic):
        FINDINGS[name] = Finding(
            name, table, section, title, severity, says, reason, source, arithmetic
        )
        return arithmetic

    return register
