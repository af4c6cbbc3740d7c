"""Parameters of the chapter on the models: what each is, and how its released weights learned."""

from typing import ClassVar

from pydantic import Field

from fico_lib.datasets.parameters import DataParameters
from fico_lib.datasets.scenes.parameters import ScenesParameters
from fico_lib.features.parameters import CropParameters, FeatureParameters
from fico_lib.models import ALL
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.pipeline.checkpoints import FOLDER, data_folder
from fico_lib.report.accuracy_parameters import Models, Seed, Weights
from fico_lib.report.parameters import ChapterParameters
from fico_lib.runtime.digests import digest, file_digest


class ModelsChapter(ChapterParameters):
    """Which models are described, and whose learning curves are shown."""

    title: ClassVar[str] = "The models"

    data: DataParameters = Field(ScenesParameters(), description="the data set they are trained on")
    features: FeatureParameters = Field(
        CropParameters(), description="what models see of images and captions"
    )
    training: TrainingParameters = Field(
        TrainingParameters(), description="how large models are and how they are trained"
    )
    models: Models = Field(list(ALL), min_length=1, description="registered models; all: every one")
    seeds: list[Seed] = Field([0], min_length=1, description="trainings whose curves are shown")
    weights: Weights = "released"

    def data_key(self) -> str:
        """The key of what the chapter reads: the cards of the released weights."""
        cards = sorted((FOLDER / data_folder(self.data)).glob("*.json"))
        return digest({path.name: file_digest(path) for path in cards})
