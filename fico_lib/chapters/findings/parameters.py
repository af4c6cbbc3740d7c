"""Parameters of the chapter on the findings."""

from typing import Annotated, ClassVar

from pydantic import Field

from fico_lib.report.claims import TOPICS
from fico_lib.report.parameters import ChapterParameters, registered
from fico_lib.runtime.errors import unknown_name


def _topic(name: str) -> str:
    if name not in TOPICS:
        raise unknown_name("topic", name, TOPICS)
    return name


class FindingsChapter(ChapterParameters):
    """Which claims are shown."""

    title: ClassVar[str] = "Findings"
    reads: ClassVar[tuple[str, ...]] = (
        *("instance", "category", "factors"),
        *("encoding_storage", "attention", "search", "bitwise_search", "coarse_to_fine"),
        "selfalign",
    )
    recorded: ClassVar[str] = "*"

    topics: Annotated[list[str], registered(_topic)] = Field(
        list(TOPICS), min_length=1, description="topics whose claims are shown"
    )
