"""The switches of SelfAlign; importing this costs nothing heavy."""

from typing import Literal

from pydantic import Field

from fico_lib.models.base.parameters import TrainingParameters


class SelfAlignParameters(TrainingParameters):
    """Training parameters with the choices of the model `selfalign`.

    Where plain `TrainingParameters` are given, it takes these defaults.
    """

    base: Literal["vse", "vsrn"] = Field("vse", description="the model that is aligned")
    lca: bool = Field(True, description="align words and regions through concepts")
    cra: bool = Field(True, description="align whole images with words, whole texts with regions")
    concepts: int = Field(100, ge=2, le=65536, description="LCA's concepts")
    aligned: Literal["all", "noun", "adjective", "relation"] = Field(
        "all", description="words that LCA aligns (parts of speech are known for scenes)"
    )

    @property
    def variant(self) -> str:
        """What is switched on, in a few words: 'vse + LCA of nouns, 8 concepts + CRA'."""
        words = "" if self.aligned == "all" else f" of {self.aligned}s"
        lca = f" + LCA{words}, {self.concepts} concepts" if self.lca else ""
        return f"{self.base}{lca}{' + CRA' if self.cra else ''}"

    @property
    def embedding_dimension(self) -> int:
        """The width of an embedding: CRA puts a context and a mean beside the base's."""
        return self.dimension + (2 * self.width if self.cra else 0)
