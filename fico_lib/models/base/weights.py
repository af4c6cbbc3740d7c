"""Trained weights as plain files, for models that share them (`fico_lib.models.VARIANTS`)."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.model import Model
from fico_lib.runtime.arrays import read_safetensors
from fico_lib.runtime.devices import seeded
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.files import write_whole

FILE = "weights.safetensors"


def save(model: Model, folder: Path) -> None:
    """Write a trained model's network, timings and curve to `folder`, whole or not at all."""
    state = {name: x.detach().cpu().contiguous() for name, x in model.network.state_dict().items()}
    with write_whole(folder) as part:
        part.mkdir()
        about = {"timings": model.timings, "curve": model.curve, "steps": model.steps}
        save_file(state, part / FILE, metadata={k: json.dumps(v) for k, v in about.items()})


def load(model: Model, train: FeatureSplit, folder: Path) -> None:
    """Make `model`, built for data like `train`, the one that `save` wrote to `folder`.

    Raises InputError where the file is broken or of another network.
    """
    arrays, metadata = read_safetensors(folder / FILE)
    state = {name: torch.from_numpy(array) for name, array in arrays.items()}
    with seeded(model.seed, model.device):
        network = model.build(train).to(model.device)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise InputError(f"{folder / FILE}: not weights of '{model.card.name}': {error}") from error
    model.network = network.eval()
    model.timings.update(json.loads(metadata.get("timings", "{}")))
    model.curve = json.loads(metadata.get("curve", "[]"))
    model.steps = json.loads(metadata.get("steps", "0"))
