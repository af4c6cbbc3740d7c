"""Parameters of the chapter on the data sets."""

from typing import ClassVar

from pydantic import Field

from fico_lib.datasets import dataset_key
from fico_lib.datasets.parameters import DataParameters
from fico_lib.datasets.scenes.parameters import ScenesParameters
from fico_lib.report.parameters import ChapterParameters


class DataChapter(ChapterParameters):
    """What is shown of which data set."""

    title: ClassVar[str] = "The data"

    data: DataParameters = Field(ScenesParameters(), description="the data set and its options")

    def data_key(self) -> str:
        """The key of the data that the chapter reads."""
        return dataset_key(self.data)
