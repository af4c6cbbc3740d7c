"""Parameters of the chapter on hashtags."""

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from fico_lib.pipeline.request import Request
from fico_lib.report.accuracy_parameters import AccuracyParameters, Models
from fico_lib.runtime.errors import InputError

Probability = Annotated[float, Field(ge=0, lt=1)]


class HashtagsChapter(AccuracyParameters):
    """Which models read which texts, and how users tag."""

    title: ClassVar[str] = "Sentences, hashtags, generated captions"
    recorded: ClassVar[str] = "hashtags*"

    models: Models = Field(
        ["beit3", "scan", "vse", "adv2048", "adv64", "ucch", "dadh"],
        min_length=2,
        description="registered models, at least two, of both families",
    )
    missing: Probability = Field(
        0.3, description="chance that a user does not tag what is in the image"
    )
    wrong: Probability = Field(
        0.02, description="chance that a user tags a category that is not in the image"
    )
    captioner_steps: int = Field(
        1500, ge=1, le=10**6, description="training steps of the captioner, at most"
    )
    captioner_samples: int = Field(
        32, ge=1, le=1000, description="captions it draws, of which the most telling is kept"
    )
    captioner_width: int = Field(128, ge=8, le=4096, description="its hidden units")

    @model_validator(mode="after")
    def _tagged(self) -> "HashtagsChapter":
        if not self.data.has_labels:
            raise InputError(
                f"data: '{self.data.name}' without labels; expected labels, from which hashtags "
                "are made"
            )
        return self

    def requests(self) -> list[Request]:
        """One per model and seed, and per closed form."""
        return [*super().requests(), *self.closed_forms()]
