"""What the chapters that measure accuracy share: data, features, models, training, seeds."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from fico_lib.datasets import dataset_key
from fico_lib.datasets.parameters import DataParameters
from fico_lib.datasets.scenes.parameters import ScenesParameters
from fico_lib.features.parameters import CropParameters, FeatureParameters
from fico_lib.metrics import TIES, Ties
from fico_lib.models import ALL, CLOSED_FORM, learner_module, model_module
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.pipeline.request import Request
from fico_lib.report.parameters import ChapterParameters, Device, registered
from fico_lib.runtime.errors import InputError

Seed = Annotated[int, Field(ge=0, lt=2**32)]
Cut = Annotated[int, Field(ge=1)]
Weights = Annotated[
    Literal["released", "train"],
    Field(description="released: those in checkpoints/, nothing is trained; train: trained here"),
]


def _every(names: object) -> object:
    return list(ALL) if names == "all" else names


Models = Annotated[list[str], BeforeValidator(_every), registered(model_module)]
Learners = Annotated[list[str], BeforeValidator(_every), registered(learner_module)]
CONTROL_SEED = 0  # of the closed forms, of which ITQ alone has a random start


def labelled(data: DataParameters) -> DataParameters:
    """The data, for a chapter that needs labels; ValueError where there are none."""
    if not data.has_labels:
        raise ValueError("data.labels is null; expected a file: categories come from labels")
    return data


def setting_of(data: DataParameters) -> str:
    """A data set in the words of tables: 'scenes, coco-like'."""
    return f"{data.name}, {data.skew}-like" if isinstance(data, ScenesParameters) else data.name


def has_weights(request: Request) -> bool:
    """Whether a request is trained here or has released weights."""
    if request.weights == "train":
        return True
    try:
        return request.released_weights.is_file()
    except InputError:
        return False


class TrainedParameters(ChapterParameters):
    """Base of the schemas of chapters whose models learn: from released weights, or here."""

    data: DataParameters = Field(ScenesParameters(), description="the data set and its options")
    features: FeatureParameters = Field(
        CropParameters(), description="what models see of images and captions"
    )
    training: TrainingParameters = Field(
        TrainingParameters(), description="how large models are and how they are trained"
    )
    seeds: list[Seed] = Field([0], min_length=1, description="one training per model and seed")
    weights: Weights = "released"
    ties: Ties = Field(
        TIES[0], description="order among equal scores (expected: mean over random orders)"
    )
    resamples: int = Field(
        1000, ge=100, le=100_000, description="bootstrap resamples behind each 95 % interval"
    )
    device: Device = "auto"

    def data_key(self) -> str:
        """The key of the data that the chapter reads."""
        return dataset_key(self.data)

    @property
    def setting(self) -> str:
        """The data set in the words of tables."""
        return setting_of(self.data)

    def request(self, model: str, seed: int) -> Request:
        """The encodings by one training of a model."""
        return Request(
            self.data,
            self.features,
            self.training,
            model,
            seed=seed,
            device=self.device,
            weights=self.weights,
        )


class AccuracyParameters(TrainedParameters):
    """Base of the schemas of chapters that compare registered models."""

    models: Models = Field(
        ["vse", "adv64", "ucch", "dadh"],
        min_length=1,
        description="registered models; all: every one",
    )

    def requests(self) -> list[Request]:
        """One per model and seed."""
        return [self.request(model, seed) for model in self.models for seed in self.seeds]

    def closed_forms(self) -> list[Request]:
        """One per control that the data allow: without labels there are those of pairs alone."""
        names = [n for n in CLOSED_FORM if self.data.has_labels or not n.startswith("labels")]
        return [self.request(name, CONTROL_SEED) for name in names]
