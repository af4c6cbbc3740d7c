"""The model card: one row of the paper's Table 1."""

from dataclasses import dataclass
from typing import Literal

from fico_lib.runtime.errors import InputError

COMPACT = "a compact model of the same kind, trained here from scratch"


@dataclass(frozen=True)
class ModelCard:
    """What kind of model this is.

    name: as registered; title: for tables; granularity: fine-grained (FG) or coarse-grained (CG);
    approach, query_time_attention, dimension, image_features, text_features, dtype: the columns of
    FiCo-ITR's Table 1; dimension is a format of the adjusted training parameters `p`, which
    `Model.dimension` fills in; reference: the paper that proposed it; needs: what a split must have
    for it ("regions", "labels"); pretrained: whether it learns on the split `extra`, where the data
    have one, before `train`; note: what it is here.
    """

    name: str
    title: str
    granularity: Literal["FG", "CG"]
    approach: str
    query_time_attention: str
    dimension: str
    image_features: str
    text_features: str
    dtype: str
    reference: str
    needs: tuple[str, ...] = ()
    pretrained: bool = False
    note: str = COMPACT

    def lacks(self, need: str, split: str) -> InputError:
        """The error for a split that does not have what the model needs."""
        return InputError(
            f"model '{self.name}' needs {need}, and split '{split}' has none: choose another "
            f"model, or data with {need}"
        )
