"""Parameters of the chapter on search that is made for codes (FiCo-ITR, Section 6)."""

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from fico_lib.datasets import dataset_key
from fico_lib.datasets.parameters import DataParameters
from fico_lib.datasets.scenes.parameters import ScenesParameters
from fico_lib.features.parameters import CropParameters, FeatureParameters
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.pipeline.request import Request
from fico_lib.report.accuracy_parameters import Cut, Models, Seed, Weights
from fico_lib.report.parameters import ChapterParameters, Device, growing, registered
from fico_lib.runtime.digests import code_digest, digest
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.memory import parse_bytes
from fico_lib.search import INDEXES, index_module
from fico_lib.search.binarise import QUANTIZERS, quantizer_module
from fico_lib.search.memory import fits_memory

CPU_INDEXES = ("flat", "hnsw", "code_flat", "code_counting", "code_ivf", "code_hnsw")


class BitwiseSearchChapter(ChapterParameters):
    """Which codes are searched exactly, and what the fastest search of them is compared with."""

    title: ClassVar[str] = "Bitwise search"
    timed: ClassVar[bool] = True
    recorded: ClassVar[str] = "bitwise_search*"

    codes: Annotated[list[Cut], Field(min_length=2, max_length=2)] = Field(
        [64, 200_000], description="[queries, codes] of the exact searches"
    )
    bits: list[Annotated[int, Field(ge=8, le=4096, multiple_of=8)]] = Field(
        [64, 128, 256], min_length=1, description="lengths of codes"
    )
    cuts: Annotated[list[Cut], growing("numbers")] = Field(
        [1, 100, 1000], min_length=1, description="results asked for"
    )
    gallery: Annotated[list[Cut], Field(min_length=3, max_length=3)] = Field(
        [1000, 100_000, 256],
        description="[queries, vectors, dimensions] of the comparison with floats",
    )
    n_train: int = Field(
        20_000, ge=256, le=10**6, description="vectors that indexes and binarisers learn from"
    )
    data: DataParameters = Field(ScenesParameters(), description="the data set and its options")
    features: FeatureParameters = Field(
        CropParameters(), description="what models see of images and captions"
    )
    training: TrainingParameters = Field(
        TrainingParameters(), description="how large models are and how they are trained"
    )
    searched: Models = Field(
        ["vse", "adv64", "ucch"],
        min_length=1,
        description="models whose embeddings or codes are searched for the task",
    )
    seed: Seed = Field(0, description="seed of their training")
    weights: Weights = "released"
    device: Device = "auto"
    k: int = Field(10, ge=1, le=1000, description="results asked for in both comparisons")
    ef_search: list[Cut] = Field([16, 64, 256], min_length=1, description="swept, of graphs")
    n_probe: list[Cut] = Field([8], min_length=1, description="swept, of inverted files")
    seconds: float = Field(
        0.2, gt=0, le=3600, description="seconds of repeats, of which there are five at least"
    )
    threads: int = Field(0, ge=0, le=1024, description="threads of a batch; 0: all cores")
    repeats: int = Field(5, ge=2, le=100, description="batches, at most, beside floats")
    singles: int = Field(50, ge=5, le=10**5, description="queries that are asked alone")
    memory: Annotated[str, registered(parse_bytes)] = Field(
        "3GB", description="what may be used; larger sizes are refused"
    )

    @model_validator(mode="after")
    def _possible(self) -> "BitwiseSearchChapter":
        codes = self.codes[1]
        if codes < max(self.cuts):
            raise InputError(f"codes: found {codes:,}; expected at least {max(self.cuts)}, of cuts")
        if least := [value for value in self.ef_search if value < self.k]:
            raise InputError(f"ef_search: found {least[0]}; expected at least k = {self.k}")
        limit = parse_bytes(self.memory)
        # ±1 as float32, and packed beside it twice
        needed = codes * max(self.bits) * (4 + 2 / 8)
        if needed > limit:
            most = int(limit / (needed / codes))
            raise InputError(
                f"codes: {codes:,} codes of {max(self.bits)} bits take {needed / 1e9:.1f} GB as "
                f"codes and as ±1, and memory is {self.memory}; {most:,} would fit"
            )
        fits_memory([], self.gallery, self.n_train, self.k, CPU_INDEXES, limit)
        return self

    def data_key(self) -> str:
        """The key of the data, and of the code that the registries of search lead to."""
        modules = [*map(index_module, INDEXES), *map(quantizer_module, QUANTIZERS)]
        return digest(dataset_key(self.data), code_digest(*modules))

    def requests(self) -> list[Request]:
        """The encodings that are searched for the task."""
        about = self.data, self.features, self.training
        where = {"device": self.device, "weights": self.weights}
        return [Request(*about, model, self.seed, **where) for model in self.searched]
