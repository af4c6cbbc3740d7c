"""The parameters of `scenes` (nothing but pydantic is imported here: a command's help reads it)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from fico_lib.datasets.base import DatasetSchema

Count = Annotated[int, Field(ge=1, le=20)]
MOST = 10_000_000  # images of a split; far below the 2**44 that have serial numbers
Probability = Annotated[float, Field(ge=0, le=1)]


class ScenesParameters(DatasetSchema):
    """What `scenes` generates.

    The defaults are the setting in which models of different strength differ clearly.
    """

    skews: ClassVar[tuple[str, ...]] = ("coco", "flickr")
    parts_of_speech: ClassVar[tuple[str, ...]] = ("noun", "adjective", "relation")

    name: Literal["scenes"] = Field("scenes", description="the procedural image-text set")
    seed: int = Field(0, ge=0, lt=2**32, description="another seed gives another world of scenes")
    n_train: int = Field(10_000, ge=1, le=MOST, description="images that models are trained on")
    n_val: int = Field(500, ge=1, le=MOST, description="images that choices are made on")
    n_test: int = Field(1000, ge=1, le=MOST, description="images that results are reported on")
    n_detector: int = Field(
        8000, ge=0, le=MOST, description="images, disjoint, that the crop features learn on"
    )
    n_probe: int = Field(
        200, ge=1, le=MOST, description="images that released weights are checked on"
    )
    n_extra: int = Field(
        0, ge=0, le=MOST, description="further images for pre-training (split 'extra')"
    )
    skew: Literal["coco", "flickr"] = Field(
        "coco",
        description="coco: about a third of image pairs share a label; "
        "flickr: one label is in most images, so about 88 % of pairs share it",
    )
    captions_per_image: Count | tuple[Count, Count] = Field(
        5, description="captions of each image, or (fewest, most) for uneven counts"
    )
    noise: float = Field(
        0.1, ge=0, le=0.5, description="standard deviation of pixel noise, full range = 1"
    )
    drop_kind: Probability = Field(
        0.46,
        description="probability that no caption of an image tells what a kind of object is called",
    )
    drop_colour: Probability = Field(
        0.3, description="probability that a caption leaves out an object's colour"
    )
    drop_size: Probability = Field(
        0.6, description="probability that a caption leaves out an object's size"
    )
    synonyms: Probability = Field(
        0.2, description="probability that a caption uses a synonym instead of the usual word"
    )
    context: Probability = Field(
        0.15, description="probability of each of a theme, a layout and a count phrase"
    )

    @field_validator("captions_per_image")
    @classmethod
    def _fewest_first(cls, value):
        if isinstance(value, tuple) and value[0] > value[1]:
            raise ValueError(f"(fewest, most) expected, found {value}")
        return value

    @property
    def label(self) -> str:
        """The name with the skew of the labels."""
        return f"{self.name} ({self.skew})"

    def sizes(self) -> dict[str, int]:
        """Images per split, in the order in which the splits are listed."""
        return {
            "detector": self.n_detector,
            "train": self.n_train,
            "val": self.n_val,
            "test": self.n_test,
            "probe": self.n_probe,
            "extra": self.n_extra,
        }
