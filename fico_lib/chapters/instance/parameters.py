"""Parameters of the chapter on instance-level retrieval (FiCo-ITR, Section 5.1)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from fico_lib.metrics import MODES, Mode
from fico_lib.pipeline.request import Request
from fico_lib.report.accuracy_parameters import AccuracyParameters, Cut


class InstanceChapter(AccuracyParameters):
    """What is compared, and at which cut-offs."""

    title: ClassVar[str] = "Instance-level retrieval"

    recall_at: list[Cut] = Field([1, 5, 10], min_length=1, description="k of R@k, all models")
    recall_at_codes: list[Cut] = Field(
        [1, 2, 5, 10, 20, 50, 100, 200], min_length=1, description="k of the curve for hash codes"
    )
    mode: Mode = Field(
        MODES[0], description="R@k: any positive in the top k, or the fraction of them"
    )

    folds: list[Annotated[int, Field(ge=0)]] = Field(
        [],
        description="blocks of a five-fold cross-validation, one more training per model each; "
        "for data of one label per image; empty: none",
    )

    @field_validator("folds")
    @classmethod
    def _possible(cls, folds: list[int], info: ValidationInfo) -> list[int]:
        data = info.data.get("data")  # absent where it is wrong itself
        if len(set(folds)) < len(folds):
            raise ValueError("a fold is named twice; expected each once")
        if not folds or data is None:
            return folds
        if not data.folds:
            raise ValueError(f"there are none; expected [] for '{data.name}'")
        if max(folds) >= data.folds:
            raise ValueError(f"expected numbers less than {data.folds} for '{data.name}'")
        if not data.has_labels:
            raise ValueError("blocks are cut within classes; expected data.labels beside them")
        if data.fold is not None:
            raise ValueError(f"data.fold is {data.fold} already; expected null beside folds")
        return folds

    def requests(self) -> list[Request]:
        """One per model and seed, per closed form, and per fold and model, of the first seed."""
        return [*super().requests(), *self.closed_forms()] + [
            replace(
                self.request(model, self.seeds[0]), data=self.data.model_copy(update={"fold": fold})
            )
            for fold in self.folds
            for model in self.models
        ]

    def apart(self, encoded: Sequence) -> tuple[list, list, list]:
        """What belongs to `requests`, in three: of the models, the closed forms and the folds."""
        own = len(self.models) * len(self.seeds)
        folds = own + len(self.closed_forms())
        return list(encoded[:own]), list(encoded[own:folds]), list(encoded[folds:])
