"""Parameters of the chapter on galleries that grow."""

from typing import Annotated, ClassVar

from pydantic import Field, ValidationInfo, field_validator, model_validator

from fico_lib.datasets.scenes.parameters import MOST, ScenesParameters
from fico_lib.models import PAIRWISE, model_module
from fico_lib.pipeline.request import Request
from fico_lib.report.accuracy_parameters import AccuracyParameters, Cut, Models
from fico_lib.report.parameters import growing, registered
from fico_lib.runtime.errors import InputError
from fico_lib.search.binarise import quantizer_module

FITTED = 3  # sizes that the law is fitted to, at least: it has two numbers


class GrowingGalleryChapter(AccuracyParameters):
    """How large galleries become, and whose rankings are followed."""

    title: ClassVar[str] = "A growing gallery"
    recorded: ClassVar[str] = "growing_gallery*"

    models: Models = Field(
        ["beit3", "vse", "adv2048", "adv64", "ucch", "dadh"],
        min_length=1,
        description="registered models; those that compare every pair are left out",
    )
    sizes: Annotated[list[Cut], growing("sizes")] = Field(
        [1000, 2000, 5000, 10_000],
        description="images of the gallery: the test split, then multiples of it; empty for data "
        "of which there are no more",
    )
    held_out: int = Field(
        1, ge=1, description="the largest sizes, which the law is not fitted to but predicts"
    )
    binarised: Annotated[str, registered(model_module)] = Field(
        "vse", description="one of the models, whose embeddings are made into codes too"
    )
    binarisers: Annotated[list[str], registered(quantizer_module)] = Field(
        ["itq", "hyperplanes"], description="registered binarisers of these embeddings"
    )
    bits: Annotated[list[Cut], growing("numbers")] = Field(
        [64, 256], description="lengths of these codes"
    )

    @field_validator("ties")
    @classmethod
    def _no_order(cls, ties: str) -> str:
        if ties == "index":
            raise ValueError("expected another rule: candidates of several shards have no order")
        return ties

    @field_validator("sizes")
    @classmethod
    def _multiples(cls, sizes: list[int], info: ValidationInfo) -> list[int]:
        data = info.data.get("data")  # absent where it is wrong itself
        if data is None or not sizes:
            return sizes
        if not isinstance(data, ScenesParameters):
            raise ValueError(f"expected [], as there are no more images of '{data.name}'")
        base = data.n_test
        if len(sizes) < 2 or sizes[0] != base or any(size % base for size in sizes):
            raise ValueError(
                f"expected the {base} images of data.n_test, then multiples of them: copies of the "
                "test split fill no other gallery evenly"
            )
        if sizes[-1] > base + MOST:
            raise ValueError(
                f"{sizes[-1]:,} images are {base:,} and {sizes[-1] - base:,} further ones, of "
                f"which a world has {MOST:,}; the largest gallery has "
                f"{(base + MOST) // base * base:,}"
            )
        return sizes

    @model_validator(mode="after")
    def _together(self) -> "GrowingGalleryChapter":
        if self.sizes and self.held_out >= len(self.sizes):
            raise InputError(
                f"held_out: found {self.held_out}; expected less than the {len(self.sizes)} sizes"
            )
        if self.binarised not in self.compared:
            raise InputError(
                f"binarised: found '{self.binarised}'; expected one of {', '.join(self.compared)}, "
                "the models that encode each item once"
            )
        return self

    @property
    def compared(self) -> list[str]:
        """The models that encode each item once: others take too long in a gallery that grows."""
        return [name for name in self.models if name not in PAIRWISE]

    def requests(self) -> list[Request]:
        """One per model and seed."""
        return [self.request(model, seed) for model in self.compared for seed in self.seeds]
