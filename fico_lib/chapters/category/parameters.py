"""Parameters of the chapter on category-level retrieval (FiCo-ITR, Section 5.2)."""

from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from fico_lib.datasets import dataset_key
from fico_lib.datasets.parameters import DataParameters
from fico_lib.metrics import DENOMINATORS, Denominator, Empty
from fico_lib.pipeline.request import Request
from fico_lib.report.accuracy_parameters import (
    CONTROL_SEED,
    AccuracyParameters,
    Cut,
    Models,
    labelled,
    setting_of,
)
from fico_lib.runtime.digests import digest, file_digest

Share = Annotated[float, Field(gt=0, le=1)]


class CategoryChapter(AccuracyParameters):
    """What is compared, on which labels, and by which conventions."""

    title: ClassVar[str] = "Category-level retrieval"
    recorded: ClassVar[str] = "captions_*"

    skews: list[str] = Field(
        ["coco", "flickr"],
        description="label skews of scenes, one after the other in place of data.skew; "
        "empty: the data as they are",
    )
    models_again: Models = Field(
        ["vse", "adv64", "ucch", "dadh"],
        description="those of the models that are compared on every skew, not the first alone; "
        "empty: all",
    )
    map_at: list[Cut] = Field([10, 100], min_length=1, description="k of mAP@k, beside mAP@N")
    denominator: Denominator = Field(
        DENOMINATORS[0],
        description="AP@k is divided by the hits in the top k, min(k, relevant) or relevant",
    )
    empty: Empty = Field(
        "skip", description="queries with nothing relevant: left out, counted as 0, or refused"
    )

    label_noise: list[Share] = Field(
        [0.1, 0.3], description="shares of evaluation labels replaced, on the first data set"
    )

    _labelled = field_validator("data")(labelled)

    @field_validator("skews")
    @classmethod
    def _of_scenes(cls, skews: list[str], info: ValidationInfo) -> list[str]:
        data = info.data.get("data")  # absent where it is wrong itself
        if data is not None and (unknown := set(skews) - set(data.skews)):
            known = f"some of {', '.join(data.skews)}" if data.skews else "[]"
            raise ValueError(f"no skew '{min(unknown)}'; expected {known} for '{data.name}'")
        return skews

    def datasets(self) -> dict[str, DataParameters]:
        """The data sets that are compared, by the name that tables give them."""
        chosen = [self.data]
        if self.skews:
            skews = dict.fromkeys(self.skews)
            chosen = [self.data.model_copy(update={"skew": skew}) for skew in skews]
        return {setting_of(data): data for data in chosen}

    def data_key(self) -> str:
        """The key of all data that the chapter reads, and of a released labeller."""
        labeller = self.labeller()
        released = labeller.weights == "released" and file_digest(labeller.released_weights)
        return digest([dataset_key(data) for data in self.datasets().values()], released)

    def labeller(self) -> Request:
        """The labeller of the first data set, of the first seed that is trained once for all."""
        first = next(iter(self.datasets().values()))
        return replace(self.request("query2label", CONTROL_SEED), data=first)

    def requests(self) -> list[Request]:
        """One per data set, model and seed, in this order, each data set's closed forms last."""
        requests = []
        for name, data in self.datasets().items():
            models = self.compared()[name]
            own = [self.request(model, seed) for model in models for seed in self.seeds]
            own += self.closed_forms()
            requests += [replace(request, data=data) for request in own]
        return requests

    def compared(self) -> dict[str, list[str]]:
        """The models of each data set, by its name."""
        names, again = list(self.datasets()), set(self.models_again or self.models)
        return {
            name: [model for model in self.models if name == names[0] or model in again]
            for name in names
        }
