"""Parameters of the chapter on the errata."""

from typing import ClassVar

from pydantic import Field

from fico_lib.chapters.errata.finding import SEVERITIES, Severity
from fico_lib.costs.architectures import paper_model_module
from fico_lib.report.parameters import ChapterParameters
from fico_lib.runtime.digests import LIBRARY, code_digest, digest, file_digest

PUBLISHED = LIBRARY / "report" / "published"
COUNTED = ("ucch", "dadh")  # models whose operations are beside their times


class ErrataChapter(ChapterParameters):
    """Which findings are shown."""

    title: ClassVar[str] = "Errata of the paper"

    severities: list[Severity] = Field(
        list(SEVERITIES),
        min_length=1,
        description="findings that are shown, by how much they matter",
    )

    def data_key(self) -> str:
        """The key of the published tables, and of the models whose operations are counted."""
        tables = [file_digest(path) for path in sorted(PUBLISHED.glob("*.csv"))]
        return digest(tables, code_digest(*map(paper_model_module, COUNTED)))
