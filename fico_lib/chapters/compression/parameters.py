"""Parameters of the chapter on embeddings in fewer bytes."""

from itertools import product
from typing import Annotated, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from fico_lib.pipeline.request import Request
from fico_lib.report.accuracy_parameters import AccuracyParameters, Cut, has_weights, labelled
from fico_lib.report.parameters import registered
from fico_lib.search.compress.setting import (
    QUANTIZERS,
    REDUCTIONS,
    RESCORINGS,
    SIGNS,
    Compression,
    quantizer,
)

# What can be compressed: models of one embedding per item; the first is gone through in full.
DUAL_ENCODERS = ("vse", "beit3", "vsrn", "xvlm_nf", "selfalign")
CODES = ("adv2048", "adv64", "ucch", "dadh")  # learnt codes, which stand beside them
EXACT = "float32"
LOSSY = tuple(name for name in QUANTIZERS if name != EXACT)

Quantizers = Annotated[list[str], registered(quantizer)]


class CompressionChapter(AccuracyParameters):
    """The rungs of the ladder, and what else is measured."""

    title: ClassVar[str] = "Embeddings in fewer bytes"
    timed: ClassVar[bool] = True

    quantizers: Quantizers = Field(
        list(QUANTIZERS), min_length=1, description="how the numbers of an embedding are stored"
    )
    reductions: list[str] = Field(
        list(REDUCTIONS), description="how dimensions are left out: prefix, pca"
    )
    dimensions: list[Cut] = Field([128, 64], description="dimensions that are kept then")
    reduced: Quantizers = Field(
        list(QUANTIZERS), description="quantizers that are combined with fewer dimensions"
    )
    rescorings: list[str] = Field(
        [name for name in RESCORINGS if name],
        description="what the best candidates are scored by again: code (signs alone), int8, "
        "float32",
    )
    multipliers: list[Cut] = Field(
        [1, 2, 4, 10], description="candidates that are rescored, in multiples of 10"
    )
    rescored: Quantizers = Field(
        list(LOSSY), description="quantizers whose best candidates are rescored"
    )
    whole: int = Field(
        1, ge=0, description="models whose dimensions are reduced; the others keep all of them"
    )
    category_queries: int = Field(
        0, ge=0, description="images, each with one caption, that ask in the category task; 0: all"
    )
    gaps: list[Annotated[float, Field(ge=0, le=10)]] = Field(
        [0, 0.5, 1, 2],
        min_length=1,
        description="offsets between images and texts, in lengths of an embedding",
    )
    timed_gallery: int = Field(
        10_000, ge=100, le=10**7, description="random vectors in which searches are timed"
    )
    timed_queries: Cut = Field(10, description="queries of a repeat, one at a time, one thread")
    seconds: float = Field(0.1, gt=0, description="seconds of repeats; at least five are made")
    longest: float = Field(
        3.0, gt=0, description="what takes longer for five repeats is not measured"
    )

    @field_validator("models")
    @classmethod
    def _dual(cls, models: list[str]) -> list[str]:
        if not set(models) & set(DUAL_ENCODERS):
            raise ValueError(f"expected one of {', '.join(DUAL_ENCODERS)} among them")
        return models

    _labelled = field_validator("data")(labelled)

    @field_validator("quantizers")
    @classmethod
    def _exact(cls, names: list[str]) -> list[str]:
        if EXACT not in names:
            raise ValueError(f"expected {EXACT} among them, which the others are compared with")
        return names

    @field_validator("dimensions")
    @classmethod
    def _possible(cls, dimensions: list[int], info: ValidationInfo) -> list[int]:
        training = info.data.get("training")  # absent where it is wrong itself
        if training is not None and max(dimensions, default=1) > training.dimension:
            raise ValueError(f"expected at most {training.dimension}, those of the embeddings")
        return dimensions

    @field_validator("reductions", "rescorings")
    @classmethod
    def _known(cls, names: list[str], info: ValidationInfo) -> list[str]:
        known = REDUCTIONS if info.field_name == "reductions" else [n for n in RESCORINGS if n]
        for name in names:
            if name not in known:
                raise ValueError(f"'{name}' is not known; expected some of {', '.join(known)}")
        return names

    @property
    def asked(self) -> list[str]:
        """The dual encoders that are asked for, in order."""
        return [name for name in DUAL_ENCODERS if name in self.models]

    @property
    def compressed(self) -> list[str]:
        """Those of which every seed can be encoded; all where none can, so that an error says why.

        Without released weights a model is left out.
        """
        return [name for name in self.asked if self._complete(name)] or self.asked

    def _complete(self, model: str) -> bool:
        return all(has_weights(self.request(model, seed)) for seed in self.seeds)

    @property
    def codes(self) -> list[str]:
        """The models of learnt codes that stand beside them."""
        return [name for name in CODES if name in self.models and self._complete(name)]

    def requests(self) -> list[Request]:
        """One per model and seed: of what is compressed, then of the learnt codes."""
        models = [*self.compressed, *self.codes]
        return [self.request(model, seed) for model in models for seed in self.seeds]

    def ladder(self, model: str) -> list[Compression]:
        """The settings that a model goes through, exact float32 first."""
        kept = [("", 0)]
        if model in self.compressed[: self.whole]:
            kept += product(self.reductions, self.dimensions)
        first = [
            Compression(name, reduction, dimension)
            for (reduction, dimension), name in product(kept, self.quantizers)
            if not reduction or name in self.reduced
        ]
        first.sort(key=lambda setting: setting != Compression(EXACT))
        again = [
            Compression(one.quantizer, one.reduction, one.dimension, rescoring, multiplier)
            for one, rescoring, multiplier in product(first, self.rescorings, self.multipliers)
            if one.quantizer in self.rescored
            and one.quantizer != EXACT
            and (rescoring != "code" or one.quantizer in SIGNS)
            and (rescoring, one.reduction) != (one.quantizer, "")
        ]
        return [*first, *again]
