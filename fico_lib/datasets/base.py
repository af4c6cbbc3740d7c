"""What the parameters of all data sets have in common (nothing but pydantic is imported here)."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class DatasetSchema(BaseModel):
    """Base of the parameters of a data set: a literal `name`, options, and what the set can do.

    folds: blocks of a cross-validation, chosen by the option `fold`; 0 where it has none;
    skews: values of the option `skew`; parts_of_speech: the kinds that its words are known to be.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    folds: ClassVar[int] = 0
    skews: ClassVar[tuple[str, ...]] = ()
    parts_of_speech: ClassVar[tuple[str, ...]] = ()

    @property
    def has_labels(self) -> bool:
        """Whether images have category labels."""
        return True

    @property
    def label(self) -> str:
        """The data set in a person's words, with what sets it apart from others of its name."""
        return self.name
