"""Parameters of the chapter on similarity search at scale (FiCo-ITR, Section 5.4)."""

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from fico_lib.datasets import dataset_key
from fico_lib.datasets.parameters import DataParameters
from fico_lib.datasets.scenes.parameters import ScenesParameters
from fico_lib.features.parameters import CropParameters, FeatureParameters
from fico_lib.models import model_module
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.pipeline.request import Request
from fico_lib.report.accuracy_parameters import Cut, Seed, Weights
from fico_lib.report.parameters import ChapterParameters, Device, registered
from fico_lib.runtime.digests import code_digest, digest
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.memory import parse_bytes
from fico_lib.search import INDEXES, index_module
from fico_lib.search.binarise import QUANTIZERS, quantizer_module
from fico_lib.search.memory import fits_memory

Depth = Annotated[int, Field(ge=1, le=1000)]  # of the ground truth
Size = Annotated[list[Cut], Field(min_length=3, max_length=3)]


class SearchChapter(ChapterParameters):
    """What is searched, by which indexes, at which settings."""

    title: ClassVar[str] = "Similarity search at scale"
    timed: ClassVar[bool] = True
    recorded: ClassVar[str] = "search*"

    sizes: list[Size] = Field(
        [[1000, 20_000, 2048], [1000, 50_000, 256], [1000, 100_000, 256]],
        min_length=1,
        description="[queries, vectors, dimensions] of the paper's four indexes",
    )
    gallery: Size = Field(
        [1000, 100_000, 256], description="[queries, vectors, dimensions] of everything else"
    )
    n_train: int = Field(
        20_000, ge=256, le=10**6, description="vectors that indexes and binarisers learn from"
    )
    recall_at: list[Depth] = Field(
        [1, 100, 1000], min_length=1, description="k of the R@k retained"
    )
    k: Depth = Field(10, description="results asked of every index that is compared")
    indexes: Annotated[list[str], registered(index_module)] = Field(
        list(INDEXES), min_length=1, description="registered indexes to compare"
    )
    ef_search: list[Cut] = Field([16, 64, 256], min_length=1, description="swept, of graphs")
    n_probe: list[Cut] = Field([2, 8, 32], min_length=1, description="swept, of inverted files")
    rerank_k: list[Cut] = Field(
        [50, 100, 500], min_length=1, description="swept, candidates that are compared exactly"
    )
    n_lists: int = Field(256, ge=1, le=2**20, description="lists of inverted files of floats")
    bits: list[Cut] = Field([64, 256, 1024, 2048], min_length=1, description="swept, of codes")
    binarisers: Annotated[list[str], registered(quantizer_module)] = Field(
        list(QUANTIZERS), min_length=1, description="registered binarisers to compare, at 64 bits"
    )
    map_lists: list[Cut] = Field(
        [16, 64, 128, 256, 1024], min_length=1, description="lists of the map of settings, CG IVF"
    )
    map_probes: list[Cut] = Field(
        [1, 2, 4, 8, 16], min_length=1, description="probes of the map of settings, CG IVF"
    )
    threads: int = Field(
        0, ge=0, le=1024, description="threads of a batch (0: all cores); a single query has one"
    )
    repeats: int = Field(3, ge=1, le=100, description="batches, at most; the median time counts")
    singles: int = Field(50, ge=1, le=10**5, description="queries that are asked alone")
    memory: Annotated[str, registered(parse_bytes)] = Field(
        "3GB", description="what may be used; larger sizes are refused"
    )
    data: DataParameters = Field(
        ScenesParameters(), description="the data set of the real embeddings, and its options"
    )
    features: FeatureParameters = Field(
        CropParameters(), description="what the model sees of images and captions"
    )
    training: TrainingParameters = Field(
        TrainingParameters(), description="how large the model is and how it is trained"
    )
    model: Annotated[str, registered(model_module)] = Field(
        "vse", description="registered model whose embeddings are searched too"
    )
    seed: Seed = Field(0, description="seed of the model's training")
    weights: Weights = "released"
    device: Device = "auto"

    @model_validator(mode="after")
    def _possible(self) -> "SearchChapter":
        least = min(self.rerank_k)
        if least < self.k:
            raise InputError(f"rerank_k: found {least}; expected at least k = {self.k}")
        here = [name for name in self.indexes if not INDEXES[name].gpu]
        limit, depth = parse_bytes(self.memory), max(self.recall_at)
        fits_memory(self.sizes, self.gallery, self.n_train, depth, here, limit)
        return self

    def data_key(self) -> str:
        """The key of the data, and of the code that the registries of search lead to."""
        modules = [*map(index_module, INDEXES), *map(quantizer_module, QUANTIZERS)]
        return digest(dataset_key(self.data), code_digest(*modules))

    def requests(self) -> list[Request]:
        """The embeddings of the one model whose vectors are searched."""
        asked = self.data, self.features, self.training, self.model, self.seed
        return [Request(*asked, device=self.device, weights=self.weights)]
