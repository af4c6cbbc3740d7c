"""The switches of SelfAlign; importing this costs nothing heavy."""

from typing import Literal

from pydantic import Field

from fico_lib.models.parameters import TrainingParameters


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
