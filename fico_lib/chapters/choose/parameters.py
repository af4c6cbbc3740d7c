"""Parameters of the chapter on how to choose a model and a search."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from fico_lib.report.accuracy_parameters import Cut
from fico_lib.report.costs.parameters import Sizes
from fico_lib.report.parameters import ChapterParameters, growing

Budgets = Annotated[list[Annotated[float, Field(gt=0)]], growing("budgets"), Field(min_length=2)]


class ChooseChapter(ChapterParameters):
    """For which galleries and budgets a model and a search are recommended, by which measure."""

    title: ClassVar[str] = "How to choose"
    reads: ClassVar[tuple[str, ...]] = (
        *("instance", "category", "encoding_storage", "attention", "search"),
    )

    galleries: Annotated[Sizes, Field(min_length=2)] = Field(
        [1000, 10_000, 100_000, 1_000_000], description="gallery sizes, in images"
    )
    latency_ms: Budgets = Field(
        [30.0, 300.0, 3000.0, 30_000.0], description="budgets for the answer to one query"
    )
    bytes_per_image: Budgets = Field(
        [32.0, 4096.0, 1_048_576.0], description="budgets for what is kept of an image"
    )
    recall_at: Cut = Field(1, description="k of R@k, by which models are ranked for one match")
    precision: Literal["mAP@10", "mAP@100", "mAP@N"] = Field(
        "mAP@N", description="by which they are ranked for a category"
    )
    rerank_k: Cut = Field(128, description="candidates that a model with fusion ranks again")
    kept: float = Field(
        95.0, gt=0, le=100, description="percent of nearest neighbours that an index should keep"
    )
