"""The options of training, with their ranges; importing this costs nothing heavy."""

from pydantic import BaseModel, ConfigDict, Field


class TrainingParameters(BaseModel):
    """How large a model is and how it is trained."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = Field(15, ge=1, le=1000, description="passes over the train images")
    batch_size: int = Field(128, ge=2, le=65536, description="images per step, a caption each")
    learning_rate: float = Field(4e-3, gt=0, le=1, description="the highest of the one-cycle rates")
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
