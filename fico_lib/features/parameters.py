"""The options of feature extraction, with their ranges; importing this costs nothing heavy."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class SharedParameters(BaseModel):
    """What both kinds of features have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_count: int = Field(
        2, ge=1, le=1000, description="train captions a word must occur in to be in the vocabulary"
    )
    max_words: int = Field(40, ge=1, le=512, description="words kept of a caption")
    documents: int = Field(
        300,
        ge=0,
        le=4096,
        description="size of the Doc2Vec vectors of texts that hashing models read; 0: none, they "
        "read bags of words",
    )
    boxes: Literal["published", "all", "none"] = Field(
        "published",
        description="which models read where regions are: those whose originals know it, all that "
        "read regions, or none",
    )
    threads: int = Field(
        1, ge=1, le=256, description="CPU threads; the last digits of features depend on it"
    )


class CropParameters(SharedParameters):
    """Regions from a simulated detector: for data that says which objects its images show."""

    name: Literal["crops"] = Field("crops", description="boxes of a simulated detector")
    regions: int = Field(
        10, ge=2, le=100, description="regions per image, the whole image being the last"
    )
    detector_noise: float = Field(
        1.0,
        ge=0,
        le=5,
        description="0 draws perfect boxes; 1 jitters them by 1 pixel, widens them by up to 40 %, "
        "misses 10 % and boxes 10 % together with a neighbour; other values scale these",
    )
    detector_epochs: int = Field(
        6, ge=0, le=100, description="passes over the split 'detector' that its networks learn on"
    )
    dimension: int = Field(128, ge=8, le=4096, description="size of a region's feature")
    seed: int = Field(0, ge=0, lt=2**32, description="of the detector: its boxes, its training")


class GridParameters(SharedParameters):
    """Regions from the feature maps of a vision checkpoint: for any images."""

    name: Literal["grid"] = Field("grid", description="feature-map cells of a vision checkpoint")
    checkpoint: str = Field(
        min_length=1,
        description="folder of a transformers vision model (config.json, model.safetensors, "
        "preprocessor_config.json); a relative path starts at the data root",
    )
    layers: tuple[int, ...] = Field(
        (-7, -6, -5, -4, -3, -2, -1),
        min_length=1,
        description="hidden layers whose maps are pooled and put side by side; -1 is the last",
    )
    cells: int = Field(3, ge=1, le=32, description="cells per side of a pooled map")
    resolution: int = Field(
        0, ge=0, le=2048, description="side of the square input in pixels; 0: the checkpoint's own"
    )


FeatureParameters = Annotated[CropParameters | GridParameters, Field(discriminator="name")]
