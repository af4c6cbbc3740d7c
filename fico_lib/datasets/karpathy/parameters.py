"""The parameters of `karpathy` (nothing but pydantic is imported here)."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from fico_lib.datasets.base import DatasetSchema

FOLDS = 5  # blocks of a cross-validation


class KarpathyParameters(DatasetSchema):
    """Where a data set in Karpathy's JSON format lies, and how it is read."""

    folds: ClassVar[int] = FOLDS

    name: Literal["karpathy"] = Field("karpathy", description="a set in Karpathy's JSON format")
    root: Path = Field(description="folder that the other paths are relative to")
    annotations: Path = Field(
        Path("dataset.json"), description="the JSON file of images, splits and sentences"
    )
    images: Path | None = Field(
        Path("images"), description="folder of the images; null: captions only, without images"
    )
    labels: Path | None = Field(
        None, description="category labels, one row per image: a .csv, .npz or .mat file"
    )
    restval_is_train: bool = Field(
        True, description="count the split 'restval' (of MS-COCO) as training images"
    )
    image_size: int = Field(
        256, ge=8, le=2048, description="images are resized to this height and width, pixels"
    )
    skip_empty_captions: bool = Field(
        False, description="leave captions without text out, instead of refusing them"
    )
    verify_images: bool = Field(
        True, description="decode every image when the set is loaded, so that a broken one shows"
    )

    fold: int | None = Field(
        None,
        ge=0,
        lt=FOLDS,
        description="blocked cross-validation in place of the file's splits: which of five blocks "
        "of each class tests (the next validates); needs one label per image; null: the splits",
    )

    @field_validator("fold")
    @classmethod
    def _within_classes(cls, fold: int | None, info: ValidationInfo) -> int | None:
        if fold is not None and info.data.get("labels", fold) is None:
            raise ValueError("blocks are cut within classes; expected data.labels beside it")
        return fold

    @property
    def has_labels(self) -> bool:
        """Whether a file of labels is given."""
        return self.labels is not None

    @property
    def label(self) -> str:
        """The name, with the fold where one is chosen."""
        return self.name if self.fold is None else f"{self.name} (fold {self.fold})"

    def path(self, path: Path) -> Path:
        """One of the paths, seen from the working directory."""
        return self.root.expanduser() / path.expanduser()
