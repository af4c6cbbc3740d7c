"""Parameters of the chapter on galleries that grow."""

from typing import Annotated, ClassVar

from pydantic import Field, ValidationInfo, field_validator, model_validator

from fico_lib.datasets.scenes.parameters import MOST, ScenesParameters
from fico_lib.models import PAIRWISE, model_module
from fico_lib.pipeline.request import Request
from fico_lib.report.accuracy_parameters import AccuracyParameters, Cut, has_weights
from fico_lib.report.parameters import growing, registered
from fico_lib.runtime.errors import InputError
from fico_lib.search.binarise import quantizer_module

FITTED = 3  # sizes that the law is fitted to, at least: it has two numbers


class GrowingGalleryChapter(AccuracyParameters):
    """How large galleries become, and whose rankings are followed."""

    title: ClassVar[str] = "A growing gallery"
    recorded: ClassVar[str] = "growing_gallery*"

    data: ScenesParameters = Field(ScenesParameters(), description="the data set and its options")
    models: AccuracyParameters.__annotations__["models"] = Field(
        ["beit3", "vse", "adv2048", "adv64", "ucch", "dadh"],
        min_length=1,
        description="registered models; those that compare pairs are left out of `all`",
    )
    sizes: Annotated[list[Cut], growing("sizes"), Field(min_length=2)] = Field(
        [1000, 2000, 5000, 10_000],
        description="images of the gallery; the first is the test split, the others are multiples",
    )
    held_out: int = Field(
        1, ge=1, description="the largest sizes, which the law is not fitted to but predicts"
    )
    binarised: Annotated[str, registered(model_module)] = Field(
        "vse", description="model of embeddings that are made into codes too"
    )
    binarisers: Annotated[list[str], registered(quantizer_module)] = Field(
        ["itq", "hyperplanes"], description="registered binarisers of these embeddings"
    )
    bits: Annotated[list[Cut], growing("numbers")] = Field(
        [64, 256], description="lengths of these codes"
    )

    @field_validator("ties")
    @classmethod
    def _orders(cls, ties: str) -> str:
        if ties == "index":
            raise ValueError("expected another rule: candidates of several shards have no order")
        return ties

    @field_validator("models")
    @classmethod
    def _independent(cls, models: list[str]) -> list[str]:
        if not set(models) - set(PAIRWISE):
            raise ValueError(
                "expected a model that encodes each item once; those that compare every pair take "
                "too long in a gallery that grows"
            )
        return models

    @field_validator("sizes")
    @classmethod
    def _multiples(cls, sizes: list[int], info: ValidationInfo) -> list[int]:
        data = info.data.get("data")  # absent where it is wrong itself
        if data is None:
            return sizes
        if sizes[0] != data.n_test or any(size % data.n_test for size in sizes):
            raise ValueError(
                f"expected the {data.n_test} images of data.n_test first, and multiples of them: "
                "copies of the test split fill no other gallery evenly"
            )
        if sizes[-1] - data.n_test > MOST:
            most = (data.n_test + MOST) // data.n_test * data.n_test
            raise ValueError(
                f"{sizes[-1]:,} - {data.n_test:,} = {sizes[-1] - data.n_test:,} further scenes, "
                f"but a world has {MOST:,} of them; the largest gallery is {most:,}"
            )
        return sizes

    @model_validator(mode="after")
    def _possible(self) -> "GrowingGalleryChapter":
        if self.held_out >= len(self.sizes):
            raise InputError(
                f"held_out: found {self.held_out}; expected less than the {len(self.sizes)} of "
                "sizes"
            )
        return self

    @property
    def compared(self) -> list[str]:
        """The models that encode each item once and can be had for every seed.

        All of the former where none can be had, so that an error says why.
        """
        asked = [name for name in self.models if name not in PAIRWISE]
        complete = [n for n in asked if all(has_weights(self.request(n, s)) for s in self.seeds)]
        return complete or asked

    def requests(self) -> list[Request]:
        """One per model and seed."""
        return [self.request(model, seed) for model in self.compared for seed in self.seeds]
