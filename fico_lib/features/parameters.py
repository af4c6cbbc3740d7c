"""The options of feature extraction, with their ranges; importing this costs nothing heavy."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class FeatureParameters(BaseModel):
    """What a model sees of images and captions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["crops", "grid"] = Field(
        "crops",
        description="crops of a simulated detector (data with objects), or the feature-map cells "
        "of a vision checkpoint (any images)",
    )
    regions: int = Field(
        10, ge=2, le=100, description="crops: regions per image, the whole image being the last"
    )
    detector_noise: float = Field(
        1.0,
        ge=0,
        le=5,
        description="crops: 0 draws perfect boxes; 1 jitters them by 1 pixel, widens them by up to "
        "40 %, misses 10 % and boxes 10 % together with a neighbour; other values scale these",
    )
    detector_epochs: int = Field(
        3, ge=0, le=100, description="crops: passes over the detector's own training split"
    )
    dimension: int = Field(128, ge=8, le=4096, description="crops: size of a region's feature")
    checkpoint: str = Field(
        "",
        description="grid: folder of a transformers vision checkpoint (config.json, "
        "model.safetensors, preprocessor_config.json); relative to the data root",
    )
    layers: tuple[int, ...] = Field(
        (-7, -6, -5, -4, -3, -2, -1),
        min_length=1,
        description="grid: hidden layers whose maps are pooled and put side by side",
    )
    cells: int = Field(3, ge=1, le=32, description="grid: cells per side of the pooled map")
    resolution: int = Field(
        0, ge=0, le=2048, description="grid: side of the square input in pixels; 0: as configured"
    )
    min_count: int = Field(
        2, ge=1, le=1000, description="train captions a word must occur in to be in the vocabulary"
    )
    max_words: int = Field(40, ge=1, le=512, description="words kept of a caption")
    seed: int = Field(0, ge=0, description="seed of the detector: its boxes and its training")
    threads: int = Field(1, ge=1, le=256, description="CPU threads (a sum's last digits depend)")
