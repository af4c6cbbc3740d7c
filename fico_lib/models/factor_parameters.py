"""The factors of the model `factor`; importing this costs nothing heavy."""

from typing import Literal

from pydantic import Field

from fico_lib.models.base.parameters import TrainingParameters

INPUTS = {"regions": "regions + words", "whole": "whole image + document"}


class FactorParameters(TrainingParameters):
    """Training parameters with the choices of the model `factor`.

    Where plain `TrainingParameters` are given, it takes these defaults and their bits.
    """

    supervision: Literal["pairs", "contrastive", "labels"] = Field(
        "pairs", description="InfoNCE of pairs, UCCH's loss, or DADH's triplets of labels"
    )
    bits: int = Field(64, ge=0, le=4096, multiple_of=8, description="code length; 0: float")
    inputs: Literal["regions", "whole"] = Field(
        "regions", description="regions and words in order, or one vector each (Doc2Vec)"
    )

    @property
    def variant(self) -> str:
        """The choices in a few words: 'pairs, 64 bits, regions + words'."""
        bits = f"{self.bits} bits" if self.bits else "float"
        return f"{self.supervision}, {bits}, {INPUTS[self.inputs]}"

    @property
    def size(self) -> int:
        """Bits of a code, or the width of an embedding."""
        return self.bits or self.dimension
