"""Parameters of the chapter on what the differences between the paper's models are due to."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from fico_lib.models.factor_parameters import FactorParameters
from fico_lib.pipeline.checkpoints import EXTRA
from fico_lib.pipeline.request import Request
from fico_lib.report.accuracy_parameters import (
    CONTROL_SEED,
    TrainedParameters,
    has_weights,
    labelled,
)

MODEL = "factor"
# The models of the paper that a cell has the supervision, bits and inputs of.
COUNTERPARTS = {
    "vse": ("pairs", 0, "regions"),
    "adv64": ("pairs", 64, "regions"),
    "ucch": ("contrastive", 64, "whole"),
    "dadh": ("labels", 64, "whole"),
}
HEADS = {"pairs": "CCA", "labels": "ridge"}  # the closed forms of two supervisions
SWEPT = ("vse", "scan")  # without and with attention between words and regions

Supervision = Literal["pairs", "contrastive", "labels"]
Bits = Annotated[int, Field(ge=0, le=4096, multiple_of=8)]
Inputs = Literal["regions", "whole"]
Noise = Annotated[float, Field(ge=0, le=5)]
Sweep = tuple[float, str, str]  # detector noise, boxes, model


class FactorsChapter(TrainedParameters):
    """The levels of each factor, and the detectors of the sweep."""

    title: ClassVar[str] = "What the differences are due to"
    recorded: ClassVar[str] = "factors*"

    supervisions: list[Supervision] = Field(
        ["pairs", "contrastive", "labels"],
        min_length=1,
        description="InfoNCE of pairs, UCCH's loss, DADH's triplets of labels",
    )
    bits: list[Bits] = Field([0, 64, 256], min_length=1, description="code lengths; 0: float")
    inputs: list[Inputs] = Field(
        ["regions", "whole"],
        min_length=1,
        description="regions and words in order, or the whole image and Doc2Vec",
    )
    noises: list[Noise] = Field(
        [],
        description="detector noises on which VSE++ and SCAN are trained, here, whatever the "
        "weights of the rest; empty: no sweep",
    )
    boxes: list[Literal["published", "all"]] = Field(
        ["published", "all"],
        min_length=1,
        description="of the sweep: neither model knows where a region is, as published, or both do",
    )

    @field_validator("supervisions", "bits", "inputs", "noises", "boxes")
    @classmethod
    def _each_once(cls, levels: list) -> list:
        if len(set(levels)) < len(levels):
            raise ValueError("expected each level once")
        return levels

    _labelled = field_validator("data")(labelled)

    @field_validator("noises")
    @classmethod
    def _simulated(cls, noises: list[float], info: ValidationInfo) -> list[float]:
        features = info.data.get("features")  # absent where it is wrong itself
        if noises and features is not None and features.name != "crops":
            raise ValueError(f"features '{features.name}' have no noise to sweep; expected []")
        return noises

    def cells(self) -> dict[str, FactorParameters]:
        """The training of every cell of the factorial, by its name."""
        trained = self.training.model_dump(exclude={"bits"})
        made = [
            FactorParameters(**trained, supervision=supervision, bits=bits, inputs=inputs)
            for supervision, inputs, bits in product(self.supervisions, self.inputs, self.bits)
        ]
        return {cell.variant: cell for cell in made}

    def closed_forms(self) -> dict[str, tuple[str, int]]:
        """The supervision and the bits of every closed form, by its name."""
        return {
            f"{head} + ITQ, {bits} bits" if bits else f"{head}, float": (supervision, bits)
            for supervision, head in HEADS.items()
            for bits in self.bits
            if supervision in self.supervisions
        }

    def factorial(self) -> dict[str, list[Request]]:
        """The requests of each seed, by name: counterparts of cells, closed forms, the cells.

        Of closed forms and cells, one that lacks released weights, of some seed, is left out. Where
        nothing is there all cells are asked for: the error of the first says what is released.
        """
        cells = self.cells()
        levels = {(cell.supervision, cell.bits, cell.inputs) for cell in cells.values()}
        asked = {
            model: [self.request(model, seed) for seed in self.seeds]
            for model, cell in COUNTERPARTS.items()
            if cell in levels
        }
        closed = {name: [self._solved(*of)] for name, of in self.closed_forms().items()}
        trained = {
            name: [replace(self.request(MODEL, seed), training=cell) for seed in self.seeds]
            for name, cell in cells.items()
        }
        found = {n: each for n, each in (closed | trained).items() if all(map(has_weights, each))}
        return (asked | found) or trained

    def _solved(self, supervision: str, bits: int) -> Request:
        """A closed form; only ITQ in it has a random start."""
        training = self.training.model_copy(update={"bits": bits or self.training.bits})
        form = "binary" if bits else "float"
        return replace(self.request(f"{supervision}_{form}", CONTROL_SEED), training=training)

    def sweep(self) -> dict[Sweep, list[Request]]:
        """The requests of each seed by noise, boxes and model; all are trained here."""
        return {
            (noise, boxes, model): list(self._swept(noise, boxes, model))
            for noise, boxes, model in product(self.noises, self.boxes, SWEPT)
        }

    def _swept(self, noise: float, boxes: str, model: str) -> Iterator[Request]:
        seen = self.features.model_copy(update={"detector_noise": noise, "boxes": boxes})
        data = self.data  # without the images to pre-train on, which neither model reads
        if hasattr(data, EXTRA):
            data = data.model_copy(update={EXTRA: 0})
        for seed in self.seeds:
            request = self.request(model, seed)
            yield replace(request, data=data, features=seen, weights="train")

    def requests(self) -> list[Request]:
        """Those of the factorial, then those of the sweep."""
        groups = [*self.factorial().values(), *self.sweep().values()]
        return [request for group in groups for request in group]
