"""Parameters of the chapter on the errata."""

from typing import ClassVar

from pydantic import Field

from fico_lib.chapters.errata.finding import SEVERITIES, Severity
from fico_lib.report.parameters import ChapterParameters


class ErrataChapter(ChapterParameters):
    """Which findings are shown."""

    title: ClassVar[str] = "Errata of the paper"

    severities: list[Severity] = Field(
        list(SEVERITIES),
        min_length=1,
        description="findings that are shown, by how much they matter",
    )
