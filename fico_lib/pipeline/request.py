"""The keys of the study's expensive steps: everything that features and encodings depend on.

The Snakefile computes them when it plans, so nothing heavy (torch, transformers) is imported here.
A request is a dictionary of the arguments of `pipeline.encode.encode`: data, features, training,
model, seed, split and device.
"""

import functools
from importlib.metadata import version
from typing import Any

from fico_lib.datasets import dataset_key
from fico_lib.datasets.parameters import DataParameters
from fico_lib.features import feature_module
from fico_lib.features.checkpoint import checkpoint_files, checkpoint_folder
from fico_lib.features.parameters import FeatureParameters
from fico_lib.models import model_module, weights_of
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.runtime.digests import LIBRARY, code_digest, digest, file_digest

PACKAGES = {
    "crops": ("torch", "numpy", "gensim"),
    "grid": ("torch", "numpy", "gensim", "transformers", "pillow"),
}


@functools.lru_cache  # reading the metadata of a package takes a millisecond
def _versions(packages: tuple[str, ...]) -> dict[str, str]:
    return {package: version(package) for package in packages}


def resolve_checkpoint(data: DataParameters, features: FeatureParameters) -> FeatureParameters:
    """`features` with the folder of its checkpoint seen from the working directory."""
    if features.name != "grid":
        return features
    folder = checkpoint_folder(features.checkpoint, getattr(data, "root", None))
    return features.model_copy(update={"checkpoint": str(folder)})


def features_key(
    data: DataParameters,
    features: FeatureParameters,
    split: str = "test",
    device: str = "auto",
    **rest: Any,
) -> str:
    """The key of the features of a request; `rest`, the training, does not enter.

    It covers the data (parameters, files, code), the parameters and code of the features, the
    files of a checkpoint, the device asked for and the versions of the packages that compute.
    """
    resolved = resolve_checkpoint(data, features)
    files = (
        checkpoint_files(checkpoint_folder(resolved.checkpoint, None))
        if (resolved.name == "grid")
        else []
    )
    return digest(
        dataset_key(data),
        features.model_dump(mode="json", exclude={"checkpoint"}),
        {path.name: file_digest(path) for path in files},
        split,
        device,
        code_digest(feature_module(features.name), "fico_lib.features.build"),
        file_digest(LIBRARY / "pipeline/encode.py"),
        _versions(PACKAGES[features.name]),
    )


def encodings_key(
    data: DataParameters,
    features: FeatureParameters,
    training: TrainingParameters,
    model: str,
    seed: int,
    split: str = "test",
    device: str = "auto",
) -> str:
    """The key of the encodings of a request: of its features, the training and the model's code.

    Another model's code, or a new entry in the registries, does not enter.
    """
    return digest(
        features_key(data, features, split, device),
        training.model_dump(mode="json"),
        model,
        seed,
        code_digest(model_module(model)),
        _versions(("torch", "numpy")),
    )


def weights_key(model: str, training: TrainingParameters, **request: Any) -> str | None:
    """The key of the trained weights that a request shares with others, None where it does not.

    A model and its variants (`fico_lib.models.VARIANTS`) have the same; otherwise it covers what
    the key of the encodings does.
    """
    shared = weights_of(model)
    return shared and encodings_key(model=shared, training=training, **request)
