"""Parameters of the chapter on instance-level retrieval (FiCo-ITR, Section 5.1)."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from fico_lib.datasets.karpathy.parameters import FOLDS
from fico_lib.metrics import MODES, Mode
from fico_lib.report.accuracy_parameters import AccuracyParameters, Cut

Fold = Annotated[int, Field(ge=0, lt=FOLDS)]


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

    folds: list[Fold] = Field(
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
        if data.name != "karpathy":
            raise ValueError(f"only 'karpathy' has folds; expected [] for '{data.name}'")
        if data.labels is None:
            raise ValueError("blocks are cut within classes; expected data.labels beside them")
        if data.fold is not None:
            raise ValueError(f"data.fold is {data.fold} already; expected null beside folds")
        return folds

    def encodings(self) -> list[dict]:
        """One request per model and seed, then one per fold and model, of the first seed."""
        return super().encodings() + [
            self.request(model, self.seeds[0], data=self.data.model_copy(update={"fold": fold}))
            for fold in self.folds
            for model in self.models
        ]

    def apart(self, made: Sequence) -> tuple[list, list]:
        """What was made for `encodings`: for the data's own splits, and for the folds."""
        own = len(self.models) * len(self.seeds)
        return list(made[:own]), list(made[own:])

    def conventions(self) -> dict:
        """How rankings are judged: arguments that all parts of the comparison take."""
        return {name: getattr(self, name) for name in ("mode", "ties", "resamples", "device")}

    def comparison(self) -> dict:
        """The arguments of `fico_lib.chapters.instance.results.compare` beside the encodings."""
        names = ("seeds", "recall_at", "recall_at_codes")
        return {name: getattr(self, name) for name in names} | self.conventions()
