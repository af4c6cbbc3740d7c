"""Parameters of the chapter on codes that screen for finer models (FiCo-ITR, Section 5.1)."""

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from fico_lib.models import model_module
from fico_lib.pipeline.request import Request
from fico_lib.report.accuracy_parameters import Cut, Models, TrainedParameters
from fico_lib.report.parameters import growing, registered
from fico_lib.runtime.errors import InputError
from fico_lib.search.binarise import quantizer_module

Growing = Annotated[list[Cut], growing("numbers"), Field(min_length=1)]


class CoarseToFineChapter(TrainedParameters):
    """Which codes screen, how many candidates they pass on, and which models rank these."""

    title: ClassVar[str] = "Coarse to fine"
    timed: ClassVar[bool] = True
    reads: ClassVar[tuple[str, ...]] = ("attention",)
    recorded: ClassVar[str] = "coarse_to_fine*"

    screens: Models = Field(
        ["adv64", "ucch", "dadh"], min_length=1, description="models whose codes screen"
    )
    embeddings: Annotated[str, registered(model_module)] = Field(
        "vse", description="model whose embeddings rank the candidates, and are binarised too"
    )
    attention: Annotated[str, registered(model_module)] = Field(
        "scan", description="model with attention to every pair that ranks the candidates"
    )
    binarisers: Annotated[list[str], registered(quantizer_module)] = Field(
        ["itq", "hyperplanes"], description="registered binarisers of the embeddings"
    )
    bits: Growing = Field([64, 256], description="lengths of the codes made from embeddings")
    candidates: Growing = Field(
        [10, 50, 100, 500], description="K, the candidates that a code passes on"
    )
    recall_at: Growing = Field([1, 10], description="k of R@k after both stages")
    map_at: Cut = Field(10, description="k of mAP@k after both stages")
    items: int = Field(
        200_000, ge=1000, le=10**8, description="items of the gallery on which pairs are timed"
    )
    galleries: Growing = Field(
        [1000, 10_000, 100_000, 1_000_000, 10_000_000],
        description="galleries, in items, whose times are computed from those of pairs",
    )
    seconds: float = Field(
        0.2, gt=0, le=3600, description="seconds of repeats, of which there are five at least"
    )

    @model_validator(mode="after")
    def _possible(self) -> "CoarseToFineChapter":
        if self.items < max(self.candidates):
            raise InputError(
                f"items: found {self.items}; expected at least the {max(self.candidates)} of "
                "candidates"
            )
        return self

    def requests(self) -> list[Request]:
        """Those that rank, then those that screen, each with every seed."""
        names = dict.fromkeys([self.embeddings, self.attention, *self.screens])
        return [self.request(name, seed) for name in names for seed in self.seeds]
