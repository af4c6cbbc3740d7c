"""Parameters of the chapter on instance-level retrieval (FiCo-ITR, Section 5.1)."""

from typing import ClassVar, Literal

from pydantic import Field

from fico_lib.chapters.accuracy import AccuracyParameters, Cut


class InstanceChapter(AccuracyParameters):
    """What is compared, and at which cut-offs."""

    title: ClassVar[str] = "Instance-level retrieval"

    recall_at: list[Cut] = Field([1, 5, 10], min_length=1, description="k of R@k, all models")
    recall_at_codes: list[Cut] = Field(
        [1, 2, 5, 10, 20, 50, 100, 200], min_length=1, description="k of the curve for hash codes"
    )
    mode: Literal["any", "fraction"] = Field(
        "any", description="R@k: any positive in the top k, or the fraction of them"
    )

    def comparison(self) -> dict:
        """The arguments of `fico_lib.results.instance.compare` beside the encodings."""
        names = ("seeds", "recall_at", "recall_at_codes", "mode", "ties", "resamples", "device")
        return {name: getattr(self, name) for name in names}
