"""Parameters of the chapter on SelfAlign (Zhuang et al. 2023)."""

from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from fico_lib.models.selfalign_parameters import SelfAlignParameters
from fico_lib.pipeline.request import Request
from fico_lib.report.accuracy_parameters import Cut, TrainedParameters

Concepts = Annotated[int, Field(ge=2, le=65536)]
MODEL = "selfalign"


class SelfAlignChapter(TrainedParameters):
    """Which parts of SelfAlign are switched on, on which bases, and what is swept."""

    title: ClassVar[str] = "Fine-grained alignment without attention"
    timed: ClassVar[bool] = True

    bases: list[Literal["vse", "vsrn"]] = Field(
        ["vse", "vsrn"], min_length=1, description="models that are aligned; sweeps use the first"
    )
    parts: Literal["each", "both"] = Field(
        "each", description="bases after the first get LCA and CRA each alone too, or both only"
    )
    concepts: list[Concepts] = Field(
        [8, 100, 500, 1000], description="numbers of concepts, with LCA alone on the first base"
    )
    aligned: list[Literal["all", "noun", "adjective", "relation"]] = Field(
        ["noun", "adjective", "relation"],
        description="words that LCA alone aligns, one kind after the other; [] but for scenes",
    )
    recall_at: list[Cut] = Field([1, 5, 10], min_length=1, description="k of R@k")
    cross_attention: Literal["scan", "imram"] = Field(
        "scan", description="the model with attention at query time to compare with"
    )
    rerank_k: list[Cut] = Field(
        [4, 16, 64], description="candidates that the model with attention reorders"
    )
    words: int = Field(6, ge=1, le=50, description="words whose matching regions are shown")

    @field_validator("aligned")
    @classmethod
    def _known_parts(cls, aligned: list[str], info: ValidationInfo) -> list[str]:
        data = info.data.get("data")  # absent where it is wrong itself
        if aligned and data is not None and not data.parts_of_speech:
            raise ValueError(f"no parts of speech are known; expected [] for '{data.name}'")
        return aligned

    def settings(self) -> list[SelfAlignParameters]:
        """The trainings of SelfAlign, each once: the variants of every base, then the sweeps."""
        first = self.bases[0]
        asked = []
        for base in self.bases:
            asked += [{"base": base, "lca": lca, "cra": cra} for lca, cra in self._parts(base)]
        alone = {"base": first, "lca": True, "cra": False}
        asked += [alone | {"concepts": count} for count in self.concepts]
        asked += [alone | {"aligned": which} for which in self.aligned]
        settings = [
            SelfAlignParameters(**self.training.model_dump(), **switches) for switches in asked
        ]
        return list({one.model_dump_json(): one for one in settings}.values())

    def _parts(self, base: str) -> list[tuple[bool, bool]]:
        """(LCA, CRA) of a base's variants."""
        if base == self.bases[0] or self.parts == "each":
            return [(False, False), (True, False), (False, True), (True, True)]
        return [(False, False), (True, True)]

    def requests(self) -> list[Request]:
        """One per setting and seed, then those of the model with attention."""
        aligned = [
            replace(self.request(MODEL, seed), training=training)
            for training in self.settings()
            for seed in self.seeds
        ]
        return aligned + [self.request(self.cross_attention, seed) for seed in self.seeds]

    def pictured(self) -> Request:
        """The model whose matches are shown: the first base with both parts."""
        switches = {"base": self.bases[0], "lca": True, "cra": True}
        training = SelfAlignParameters(**self.training.model_dump(), **switches)
        return replace(self.request(MODEL, self.seeds[0]), training=training)
