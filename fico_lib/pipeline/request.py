"""The noun `Request`: which model, trained how, encodes what; and the keys of these steps.

The Snakefile computes the keys when it plans, so nothing heavy (torch, transformers) is imported
here.
"""

import functools
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from fico_lib.datasets import dataset_key
from fico_lib.datasets.parameters import DataParameters
from fico_lib.features import feature_module
from fico_lib.features.checkpoint import checkpoint_files, checkpoint_folder
from fico_lib.features.parameters import FeatureParameters
from fico_lib.models import PRETRAINED, model_module, weights_of
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.pipeline import checkpoints
from fico_lib.runtime.digests import LIBRARY, code_digest, digest, file_digest

PACKAGES = {
    "crops": ("torch", "numpy", "gensim"),
    "grid": ("torch", "numpy", "gensim", "transformers", "pillow"),
}


@functools.lru_cache  # reading the metadata of a package takes a millisecond
def _versions(packages: tuple[str, ...]) -> dict[str, str]:
    return {package: version(package) for package in packages}


@dataclass(frozen=True)
class Request:
    """Encodings of the split `split` by the registered model `model`, trained with `seed`.

    weights: "train" fits features and trains the model here; "released" takes both from the
    checkpoints in `folder`; "release" trains on the released features, to make such a checkpoint.

    Features, weights and encodings are kept under keys of everything that they depend on; a key is
    computed when it is first asked for. `dataclasses.replace` makes a request that differs.
    """

    data: DataParameters
    features: FeatureParameters
    training: TrainingParameters
    model: str
    seed: int = 0
    split: str = "test"
    device: str = "auto"
    weights: Literal["released", "train", "release"] = "train"
    folder: Path = checkpoints.FOLDER

    @property
    def label(self) -> str:
        """The request in a person's words: 'vse on scenes (coco), seed 0'."""
        variant = f" ({self.training.variant})" if self.training.variant else ""
        return f"{self.model}{variant} on {self.data.label}, seed {self.seed}"

    @cached_property
    def resolved_data(self) -> DataParameters:
        """`data` without the images to pre-train on, where checkpoints are used and none does."""
        trains = self.weights == "release" and self.model in PRETRAINED
        if self.weights == "train" or trains or not hasattr(self.data, checkpoints.EXTRA):
            return self.data
        return self.data.model_copy(update={checkpoints.EXTRA: 0})

    @cached_property
    def resolved_features(self) -> FeatureParameters:
        """`features` with the folder of their checkpoint seen from the working directory."""
        if self.features.name != "grid":
            return self.features
        folder = checkpoint_folder(self.features.checkpoint, getattr(self.data, "root", None))
        return self.features.model_copy(update={"checkpoint": str(folder)})

    @cached_property
    def fitted_features(self) -> Path | None:
        """The file of the released features, None where they are fitted here.

        Raises InputError where none are released for the data and the features.
        """
        if self.weights == "train":
            return None
        return checkpoints.released_features(self.folder, self.data, self.features)

    @cached_property
    def released_weights(self) -> Path:
        """The file of the released weights; InputError where there are none for this request."""
        asked = self.data, self.features, self.training, self.model, self.seed
        return checkpoints.released_weights(self.folder, *asked)

    @cached_property
    def weights_path(self) -> Path:
        """Where the weights of this request lie when they are released."""
        asked = self.data, self.model, self.training, self.seed
        return checkpoints.weights_path(self.folder, *asked)

    @cached_property
    def features_key(self) -> str:
        """The key of the features; the model and its training do not enter.

        It covers the data (parameters, files, code), the parameters and code of the features, the
        released file that they come from, the files of a vision checkpoint, the device asked for
        and the versions of the packages that compute.
        """
        files = []
        if self.features.name == "grid":
            files = checkpoint_files(checkpoint_folder(self.resolved_features.checkpoint, None))
        return digest(
            dataset_key(self.resolved_data),
            self.features.model_dump(mode="json", exclude={"checkpoint"}),
            self.fitted_features and file_digest(self.fitted_features),
            {path.name: file_digest(path) for path in files},
            self.split,
            self.device,
            code_digest(feature_module(self.features.name), "fico_lib.features.build"),
            file_digest(LIBRARY / "pipeline/encode.py"),
            _versions(PACKAGES[self.features.name]),
        )

    @cached_property
    def encodings_key(self) -> str:
        """The key of the encodings: of the features, the weights and the model's code.

        Where the weights are released their file enters, else the training. Another model's code,
        or a new entry in the registries, does not enter.
        """
        if self.weights != "released":
            return self._trained_key(self.model)
        return self._key(self.model, file_digest(self.released_weights))

    @cached_property
    def weights_key(self) -> str | None:
        """The key of the trained weights, where these are kept; None where they are not.

        A model and its variants (`fico_lib.models.VARIANTS`) have the same; otherwise it covers
        what the key of the encodings does.
        """
        shared = weights_of(self.model) if self.weights == "train" else None
        return shared and self._trained_key(shared)

    def _trained_key(self, model: str) -> str:
        return self._key(model, [self.training.model_dump(mode="json"), self.seed])

    def _key(self, model: str, weights: object) -> str:
        return digest(
            self.features_key,
            weights,
            model,
            code_digest(model_module(model)),
            _versions(("torch", "numpy")),
        )
