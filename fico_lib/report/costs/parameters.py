"""What the two chapters on costs share: which models are measured, how, and for how long."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from fico_lib.costs.architectures import PAPER_MODELS, paper_model_module
from fico_lib.report.parameters import ChapterParameters, Device, growing, registered
from fico_lib.runtime.digests import code_digest, digest

DtypeName = Literal["float32", "bfloat16", "float16", "float64"]
PaperModels = Annotated[list[str], registered(paper_model_module)]


Sizes = Annotated[list[Annotated[int, Field(ge=1, le=10**9)]], growing("sizes")]


class CostParameters(ChapterParameters):
    """Base of the cost chapters' schemas."""

    timed: ClassVar[bool] = True

    measured: PaperModels = Field(
        list(PAPER_MODELS), description="models at the paper's sizes that are measured"
    )
    galleries: Sizes = Field(
        [1000, 10_000, 100_000, 1_000_000], min_length=1, description="gallery sizes, in images"
    )
    texts_per_image: int = Field(5, ge=1, le=1000, description="texts of each image")
    dtype: DtypeName = Field("float32", description="numbers in which models are measured")
    dtype_of: Annotated[dict[str, DtypeName], registered(paper_model_module)] = Field(
        {}, description="models that are measured in another dtype"
    )
    batch: int = Field(
        32, ge=1, le=100_000, description="items at once, beside one at a time; fewer if slow"
    )
    seconds: float = Field(
        0.8, gt=0, le=3600, description="seconds of repeats; in a batch, at least five fit in them"
    )
    longest: float = Field(
        6.0, gt=0, le=86_400, description="a step of which five repeats take longer is not measured"
    )
    memory_gib: float = Field(6.0, gt=0, description="weights beyond this are not made")
    limit_gib: float = Field(
        80.0, gt=0, description="what a run may hold before it does not finish (DNF)"
    )
    threads: int = Field(0, ge=0, le=1024, description="threads of the processor; 0: all cores")
    device: Device = "auto"

    def data_key(self) -> str:
        """The key of what the chapter reads: the code of the models it costs, and its data."""
        modules = {paper_model_module(name) for name in PAPER_MODELS}
        return digest(super().data_key(), code_digest(*sorted(modules)))

    @property
    def gallery_sizes(self) -> list[tuple[int, int]]:
        """Images and texts of each gallery."""
        return [(images, images * self.texts_per_image) for images in self.galleries]

    def dtype_for(self, model: str) -> str:
        """The dtype in which a model is measured."""
        return self.dtype_of.get(model, self.dtype)
