"""The study's expensive step: features, training and encoding, each kept under its key."""

from collections.abc import Sequence
from pathlib import Path

from fico_lib import encodings, keys
from fico_lib.datasets import load_dataset
from fico_lib.datasets.dataset import Dataset
from fico_lib.datasets.parameters import DataParameters
from fico_lib.devices import resolve
from fico_lib.encodings import Codes, Embeddings
from fico_lib.features import build
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.features.parameters import FeatureParameters
from fico_lib.files import write_whole
from fico_lib.models import build as build_model
from fico_lib.models import model_card
from fico_lib.models.parameters import TrainingParameters

CACHE = Path("cache")


def _check_labels(dataset: Dataset, model: str) -> None:
    """Raise InputError where the model needs labels and there are none: before the long work."""
    card = model_card(model)
    for name in ("train", "val"):
        if "labels" in card.needs and dataset[name].labels is None:
            raise card.lacks("labels", name)


def build_features(
    data: DataParameters,
    features: FeatureParameters,
    split: str = "test",
    device: str = "auto",
    cache: Path | str = CACHE,
    models: Sequence[str] = (),
) -> Path:
    """The folder of the features of the splits train, val and `split`, computed where need be.

    models: those that they are for; what these need of the data is checked first.
    """
    key = keys.features_key(data, features, split, device)
    folder = Path(cache) / "features" / key
    if not folder.is_dir():
        dataset = load_dataset(data)
        for model in models:
            _check_labels(dataset, model)
        splits = tuple(dict.fromkeys(("train", "val", split)))
        resolved = keys.resolve_checkpoint(data, features)
        with write_whole(folder) as part:
            build.build(dataset, resolved, part, resolve(device), splits)
    return folder


def encode(
    data: DataParameters,
    features: FeatureParameters,
    training: TrainingParameters,
    model: str,
    seed: int = 0,
    split: str = "test",
    device: str = "auto",
    cache: Path | str = CACHE,
) -> Embeddings | Codes:
    """The encodings of `split` by `model`, trained on train and val; loaded when they are kept.

    Kept in cache/encodings/<key>, the features in cache/features/<key>, written whole or not at
    all. Raises InputError, before training, where the model lacks what it needs, and
    DivergedError where its loss is no longer a number.
    """
    key = keys.encodings_key(data, features, training, model, seed, split, device)
    folder = Path(cache) / "encodings" / key
    if not folder.is_dir():
        source = build_features(data, features, split, device, cache, [model])
        trained = build_model(model, training, seed, device)
        trained.fit(FeatureSplit.load(source / "train"), FeatureSplit.load(source / "val"))
        trained.encode(FeatureSplit.load(source / split)).save(folder)
    return encodings.load(folder)
