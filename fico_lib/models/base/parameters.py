"""The options of training, with their ranges; importing this costs nothing heavy."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class TrainingParameters(BaseModel):
    """How large a model is and how it is trained.

    One budget rule holds for every model (`fico_lib.models.base.training`): it is trained until its
    score on the validation split has not risen for `patience` steps, once at `learning_rate` and
    once at a tenth of it, and for `max_steps` steps at most. The rate is one for all models and was
    not searched for each; where a kind of model is trained at another one, its `shares` say so.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_steps: int = Field(20_000, ge=1, le=10_000_000, description="steps of training at most")
    patience: int = Field(
        1000,
        ge=1,
        le=10_000_000,
        description="steps without a rise of the validation score after which the learning rate "
        "is divided by 10, and the second time training ends",
    )
    validation_interval: int = Field(
        250, ge=1, le=10_000_000, description="steps from one validation to the next"
    )
    objective: Literal["infonce", "hinge"] = Field(
        "infonce",
        description="loss of matching pairs; hinge, on the hardest negative, is for the models "
        "published with it (vse, vsrn, scan, imram, selfalign) and changes no other",
    )
    batch_size: int = Field(128, ge=2, le=65536, description="images per step, a caption each")
    learning_rate: float = Field(2e-3, gt=0, le=1, description="AdamW's, until it is divided")
    weight_decay: float = Field(1e-4, ge=0, le=1, description="AdamW's decoupled weight decay")
    dropout: float = Field(0.1, ge=0, lt=1, description="share of inputs set to 0 in training")
    width: int = Field(128, ge=8, le=8192, description="hidden units")
    dimension: int = Field(256, ge=8, le=8192, description="size of continuous embeddings")
    bits: int = Field(64, ge=8, le=4096, multiple_of=8, description="length of hash codes")
    threads: int = Field(1, ge=1, le=256, description="CPU threads (a sum's last digits depend)")

    @property
    def variant(self) -> str:
        """Which variant of the model is trained, in a few words; "" where there is one alone."""
        return ""
