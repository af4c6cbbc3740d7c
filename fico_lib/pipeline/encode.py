"""The study's expensive step: features, training and encoding, each kept under its key."""

from collections.abc import Sequence
from pathlib import Path

from fico_lib import encodings
from fico_lib.datasets import load_dataset
from fico_lib.datasets.dataset import Dataset
from fico_lib.encodings import Codes, Embeddings, Scores
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models import build as build_model
from fico_lib.models import model_card, weights_of
from fico_lib.models.base import weights
from fico_lib.pipeline.request import Request
from fico_lib.runtime.devices import resolve
from fico_lib.runtime.files import write_whole

CACHE = Path("cache")
EXTRA = "extra"  # the split that models with `card.pretrained` learn on first
WEIGHTS = "weights.safetensors"


def _check_labels(dataset: Dataset, model: str) -> None:
    """Raise InputError where the model needs labels and there are none: before the long work."""
    card = model_card(model)
    for name in ("train", "val"):
        if "labels" in card.needs and dataset[name].labels is None:
            raise card.lacks("labels", name)


def build_features(request: Request, cache: Path | str = CACHE, models: Sequence[str] = ()) -> Path:
    """The folder of a request's features, computed where need be.

    Where weights are released it has those of the request's split alone; else those of train and
    val too, and of `extra` where the data have it and a model may pre-train on it. What features
    fit on the data is fitted here or loaded, as the request says.
    models: further ones that they are for; what any needs of the data is checked first.
    """
    folder = Path(cache) / "features" / request.features_key
    if not folder.is_dir():
        dataset = load_dataset(request.resolved_data)
        for model in (request.model, *models):
            _check_labels(dataset, model)
        from fico_lib.features import build
        from fico_lib.features.fitted import Fitted

        released = request.fitted_features
        fitted = None if released is None else Fitted.load(released)
        splits = (request.split,)
        if request.weights != "released":  # else nothing is learned from the others
            extra = [EXTRA] if EXTRA in dataset.splits else []
            splits = tuple(dict.fromkeys(("train", "val", request.split, *extra)))
        with write_whole(folder) as part:
            device = resolve(request.device)
            build.build(dataset, request.resolved_features, part, device, splits, fitted)
    return folder


def trained_model(request: Request, cache: Path | str = CACHE):
    """The model of a request, ready for use: its weights are released, or trained here.

    Trained weights that several models share are kept in cache/models/<key>, and loaded when they
    are there. Errors as in `encode`.
    """
    if request.weights == "released":
        _ = request.released_weights  # what is not released shows before features are computed
    source = build_features(request, cache)
    settings = (request.training, request.seed, request.device)
    model = build_model(request.model, *settings)
    if request.weights == "released":
        like = FeatureSplit.load(source / request.split)
        weights.load(model, like, request.released_weights)
        return model
    splits = [FeatureSplit.load(source / name) for name in ("train", "val")]
    if model.card.pretrained and (source / EXTRA).is_dir():
        splits.append(FeatureSplit.load(source / EXTRA))
    if request.weights_key is None:
        model.fit(*splits)
        return model
    path = Path(cache) / "models" / request.weights_key / WEIGHTS
    if not path.is_file():
        shared = build_model(weights_of(request.model), *settings)
        shared.fit(*splits)
        with write_whole(path.parent) as part:
            part.mkdir()
            weights.save(shared, part / WEIGHTS)
    weights.load(model, splits[0], path)
    return model


def encode(request: Request, cache: Path | str = CACHE) -> Embeddings | Codes | Scores:
    """The encodings of a request's split by its model, released or trained on train and val.

    Kept in cache/encodings/<key>, the features in cache/features/<key>, written whole or not at
    all, and loaded when they are there. Raises InputError, before training, where the model lacks
    what it needs or its weights are not released, and DivergedError where its loss is no longer a
    number.
    """
    folder = Path(cache) / "encodings" / request.encodings_key
    if not folder.is_dir():
        model = trained_model(request, cache)
        source = build_features(request, cache)
        model.encode(FeatureSplit.load(source / request.split)).save(folder)
    return encodings.load(folder)
