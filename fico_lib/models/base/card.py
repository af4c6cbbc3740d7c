"""The model card: one row of the paper's Table 1, and what differs from the published model."""

from dataclasses import dataclass
from typing import Literal

from fico_lib.runtime.errors import InputError

COMPACT = "a compact model of the same kind, trained here from scratch"
AS_PUBLISHED = "as published"
BUDGET = "differs: AdamW to a plateau of the validation score, the same rule for every model"


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What kind of model this is; the defaults are those of most.

    name: as registered; title: the published model's; granularity: fine-grained (FG) or
    coarse-grained (CG); approach, query_time_attention, dimension, image_features, text_features,
    dtype: the columns of FiCo-ITR's Table 1; dimension is a format of the adjusted training
    parameters `p`, which `Model.dimension` fills in; reference: the paper that proposed it; needs:
    what a split must have for it ("regions", "labels"); pretrained: whether it learns on the split
    `extra`, where the data have one, before `train`; positions: whether the published model knows
    where in the image its regions or patches are; note: what it is here.

    objective, architecture, training, selection: each "as published", or "differs:" and how, and
    why; selection is how its weights are chosen among those of its training.
    """

    name: str
    title: str
    granularity: Literal["FG", "CG"] = "FG"
    approach: str = "Dual"
    query_time_attention: str = "None"
    dimension: str = "{p.dimension}D"
    image_features: str = "regions"
    text_features: str = "words"
    dtype: str = "f32"
    reference: str
    needs: tuple[str, ...] = ("regions",)
    pretrained: bool = False
    positions: bool = False
    note: str = COMPACT
    objective: str
    architecture: str
    training: str = BUDGET
    selection: str = AS_PUBLISHED

    @property
    def compact_title(self) -> str:
        """The title beside the paper's rows: "SCAN (compact)"."""
        return f"{self.title} (compact)"

    def lacks(self, need: str, split: str) -> InputError:
        """The error for a split that does not have what the model needs."""
        return InputError(
            f"model '{self.name}' needs {need}, and split '{split}' has none: choose another "
            f"model, or data with {need}"
        )
