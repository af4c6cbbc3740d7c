"""Released checkpoints: where they lie, and which one a request asks for.

checkpoints/<data>/features.safetensors holds what features fit on the split `train`, and
checkpoints/<data>/<model>-<seed>.safetensors the weights of a model that was trained on them; each
has a card (`fico_lib.pipeline.card`). Planning asks here, so nothing heavy is imported.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fico_lib.datasets.parameters import DataParameters
from fico_lib.features.parameters import FeatureParameters
from fico_lib.models import PRETRAINED, VARIANTS, training_parameters
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.pipeline.card import FeaturesCard, WeightsCard, read_card
from fico_lib.runtime.digests import LIBRARY, file_digest
from fico_lib.runtime.errors import InputError

FOLDER = LIBRARY.parent / "checkpoints"
PROBE = "probe"  # the split that recorded metrics are of
SUFFIX = ".safetensors"
# Parameters that do not change the weights: sizes of splits that nothing is fitted or chosen on,
# and how many threads compute.
NOT_FITTED = {"n_test", "n_probe"}
EXTRA = "n_extra"  # images that only models which pre-train read
THREADS = {"threads"}
NOTHING = "nothing"  # what a message says in place of a value that is not there
HINT = "train here with -p weights=train; `make checkpoints` trains what parameters/ lists"


def data_folder(data: DataParameters) -> str:
    """The name of the folder of a data set: 'scenes-coco'."""
    return "-".join([data.name, *([data.skew] if data.skews else [])])


def checkpoint_name(model: str, training: TrainingParameters, seed: int) -> str:
    """The name of a file of weights, without its ending: 'vse-0', 'selfalign-vse-cra-2'.

    A model that uses another one's network has its name.
    """
    trained = VARIANTS.get(model, model)
    variant = training_parameters(trained, training.model_dump()).variant
    return "-".join([*re.findall(r"[a-z0-9]+", f"{trained} {variant}".lower()), str(seed)])


def features_path(folder: Path, data: DataParameters) -> Path:
    """Where the fitted features of a data set lie."""
    return folder / data_folder(data) / f"features{SUFFIX}"


def weights_path(
    folder: Path, data: DataParameters, model: str, training: TrainingParameters, seed: int
) -> Path:
    """Where the weights of a model lie."""
    return folder / data_folder(data) / (checkpoint_name(model, training, seed) + SUFFIX)


def differences(
    part: str, asked: dict[str, Any], released: dict[str, Any], ignored: set[str]
) -> Iterator[str]:
    """One line per parameter whose value is not the released one.

    >>> list(differences("data", {"seed": 1, "n_test": 5}, {"seed": 0}, {"n_test"}))
    ['data.seed: found 1; released 0']
    """
    for name in sorted((asked.keys() | released.keys()) - ignored):
        values = [repr(d[name]) if name in d else NOTHING for d in (asked, released)]
        if values[0] != values[1]:
            yield f"{part}.{name}: found {values[0]}; released {values[1]}"


def released_features(folder: Path, data: DataParameters, features: FeatureParameters) -> Path:
    """The released features of a data set; InputError where they were fitted on other parameters.

    The images that models pre-train on do not enter.
    """
    path = features_path(folder, data)
    if not path.is_file():
        raise InputError(f"weights: nothing is released for {data.label} ({path}); {HINT}")
    card = read_card(path, FeaturesCard)
    lines = [
        *differences("data", data.model_dump(mode="json"), card.data, NOT_FITTED | {EXTRA}),
        *differences("features", features.model_dump(mode="json"), card.features, THREADS),
    ]
    if lines:
        raise InputError(_message(f"features of {data.label}", lines))
    return path


def released_weights(
    folder: Path,
    data: DataParameters,
    features: FeatureParameters,
    training: TrainingParameters,
    model: str,
    seed: int,
) -> Path:
    """The released weights of a model; InputError that says what is released where none fit."""
    what = f"'{model}' on {data.label}"
    fitted = released_features(folder, data, features)
    path = weights_path(folder, data, model, training, seed)
    seeds = _released_seeds(path.with_name(checkpoint_name(model, training, 0)))
    if not seeds:
        names = {re.sub(r"-\d+$", "", p.stem) for p in path.parent.glob(f"*-*{SUFFIX}")}
        name = path.stem.removesuffix(f"-{seed}")
        line = f"model: found {name}; released {', '.join(sorted(names)) or NOTHING}"
        raise InputError(_message(what, [line]))
    if seed not in seeds:
        line = f"seeds: found {seed}; released {', '.join(map(str, seeds))}"
        raise InputError(_message(what, [line]))
    card = read_card(path, WeightsCard)
    asked = training_parameters(card.model, training.model_dump()).model_dump(mode="json")
    left_out = NOT_FITTED if model in PRETRAINED else NOT_FITTED | {EXTRA}
    own = {"model": VARIANTS.get(model, model), "seed": seed}
    lines = [
        *differences("card", own, {"model": card.model, "seed": card.seed}, set()),
        *differences("data", data.model_dump(mode="json"), card.data, left_out),
        *differences("features", features.model_dump(mode="json"), card.features, THREADS),
        *differences("training", asked, card.training, THREADS),
    ]
    if card.fitted != file_digest(fitted):
        lines.append(f"{fitted.name}: found {file_digest(fitted)}; released for {card.fitted}")
    if lines:
        raise InputError(_message(f"{what}, seed {seed},", lines))
    return path


def _released_seeds(first: Path) -> list[int]:
    """The seeds of the files that differ from `first`, 'folder/<name>-0', in their seed alone."""
    name = first.name.removesuffix("-0")
    files = first.parent.glob(f"{name}-*{SUFFIX}")
    ends = [path.stem.removeprefix(f"{name}-") for path in files]
    return sorted(int(end) for end in ends if end.isdigit())


def _message(what: str, lines: list[str]) -> str:
    return "\n  ".join([f"weights: no released checkpoint of {what} is as asked:", *lines, HINT])
