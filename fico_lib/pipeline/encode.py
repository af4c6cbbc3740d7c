"""The study's expensive step: features, training and encoding, each kept under its key."""

from collections.abc import Sequence
from pathlib import Path

from fico_lib import encodings
from fico_lib.datasets import load_dataset
from fico_lib.datasets.dataset import Dataset
from fico_lib.datasets.parameters import DataParameters
from fico_lib.encodings import Codes, Embeddings, Scores
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.features.parameters import FeatureParameters
from fico_lib.models import build as build_model
from fico_lib.models import model_card, weights_of
from fico_lib.models.base import weights
from fico_lib.models.base.model import Model
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.pipeline import request as keys
from fico_lib.runtime.devices import resolve
from fico_lib.runtime.files import write_whole

CACHE = Path("cache")
EXTRA = "extra"  # the split that models with `card.pretrained` learn on first


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

    Those of the split `extra` are there too, where the data have it: some models pre-train on it.
    models: those that they are for; what these need of the data is checked first.
    """
    key = keys.features_key(data, features, split, device)
    folder = Path(cache) / "features" / key
    if not folder.is_dir():
        dataset = load_dataset(data)
        for model in models:
            _check_labels(dataset, model)
        from fico_lib.features import build

        extra = [EXTRA] if EXTRA in dataset.splits else []
        splits = tuple(dict.fromkeys(("train", "val", split, *extra)))
        resolved = keys.resolve_checkpoint(data, features)
        with write_whole(folder) as part:
            build.build(dataset, resolved, part, resolve(device), splits)
    return folder


def train(
    data: DataParameters,
    features: FeatureParameters,
    training: TrainingParameters,
    model: str,
    seed: int = 0,
    split: str = "test",
    device: str = "auto",
    cache: Path | str = CACHE,
) -> Model:
    """A trained model.

    Weights that several models share are kept in cache/models/<key>, and loaded when they are
    there. Errors as in `encode`.
    """
    source = build_features(data, features, split, device, cache, [model])
    trained = build_model(model, training, seed, device)
    splits = [FeatureSplit.load(source / name) for name in ("train", "val")]
    if trained.card.pretrained and (source / EXTRA).is_dir():
        splits.append(FeatureSplit.load(source / EXTRA))
    key = keys.weights_key(model, training, data=data, features=features, seed=seed, split=split,
                           device=device)  # fmt: skip
    if key is None:
        trained.fit(*splits)
        return trained
    folder = Path(cache) / "models" / key
    if not folder.is_dir():
        shared = build_model(weights_of(model), training, seed, device)
        shared.fit(*splits)
        weights.save(shared, folder)
    weights.load(trained, splits[0], folder)
    return trained


def encode(
    data: DataParameters,
    features: FeatureParameters,
    training: TrainingParameters,
    model: str,
    seed: int = 0,
    split: str = "test",
    device: str = "auto",
    cache: Path | str = CACHE,
) -> Embeddings | Codes | Scores:
    """The encodings of `split` by `model`, trained on train and val; loaded when they are kept.

    Kept in cache/encodings/<key>, the features in cache/features/<key>, written whole or not at
    all. Raises InputError, before training, where the model lacks what it needs, and
    DivergedError where its loss is no longer a number.
    """
    key = keys.encodings_key(data, features, training, model, seed, split, device)
    folder = Path(cache) / "encodings" / key
    if not folder.is_dir():
        trained = train(data, features, training, model, seed, split, device, cache)
        source = build_features(data, features, split, device, cache)
        trained.encode(FeatureSplit.load(source / split)).save(folder)
    return encodings.load(folder)
