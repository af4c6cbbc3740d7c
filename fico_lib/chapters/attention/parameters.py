"""Parameters of the chapter on query-time attention (FiCo-ITR, Section 5.3 and Table 6)."""

from typing import Annotated, ClassVar

from pydantic import Field

from fico_lib.report.accuracy_parameters import AccuracyParameters, Cut, Models
from fico_lib.report.costs.parameters import CostParameters, PaperModels, Sizes

Positive = Annotated[float, Field(gt=0)]


class AttentionChapter(CostParameters, AccuracyParameters):
    """What is scored at query time, for which galleries and budgets, and what it gains."""

    title: ClassVar[str] = "Attention at query time"

    measured: PaperModels = Field(
        ["blip2", "xvlm", "vilt", "imram", "scan"],
        description="models at the paper's sizes that are measured",
    )
    models: Models = Field(
        ["vse", "scan"],
        min_length=2,
        max_length=2,
        description="compact models: a first stage with embeddings, and one that scores its best",
    )
    galleries: Sizes = Field(
        [1000, 10_000, 100_000], min_length=1, description="gallery sizes, in images"
    )
    rerank_k: list[Cut] = Field(
        [64, 128, 256], min_length=1, description="candidates that are reranked"
    )
    rerank_share: float = Field(
        0.128, gt=0, le=1, description="k that grows: this share of the gallery's images"
    )
    gain_k: list[Cut] = Field(
        [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000],
        min_length=2,
        description="k at which the gain of reranking is evaluated",
    )
    growth_images: Sizes = Field(
        [16, 32, 64, 128], min_length=3, description="small galleries that are run in full"
    )
    growth_k: int = Field(16, ge=1, description="candidates reranked in those")
    latency_ms: list[Positive] = Field(
        [10.0, 100.0, 1000.0, 10_000.0], min_length=1, description="budgets for one query alone"
    )
    queries_per_second: list[Positive] = Field(
        [0.5, 5.0, 50.0], min_length=1, description="budgets for a stream of queries"
    )
