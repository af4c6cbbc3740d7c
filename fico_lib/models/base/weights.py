"""Trained weights as plain files: those that models share, and released checkpoints."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.learner import Learner
from fico_lib.runtime.arrays import read_safetensors
from fico_lib.runtime.devices import seeded
from fico_lib.runtime.errors import InputError


def save(model: Learner, path: Path, dtype: torch.dtype = torch.float32) -> None:
    """Write a trained model's network, timings and curve to the file `path` (use `write_whole`).

    dtype: of the floating-point tensors that fit into it; others, integers and booleans stay as
    they are. Raises ValueError where a weight is infinite or no number.
    """
    state = {}
    for name, tensor in model.network.state_dict().items():
        kept = tensor.detach().cpu()
        if kept.is_floating_point():
            if not torch.isfinite(kept).all():
                raise ValueError(f"'{model.card.name}': {name} is not finite")
            smaller = kept.to(dtype)  # a variance may be larger than float16 goes
            kept = smaller if torch.isfinite(smaller).all() else kept
        state[name] = kept.clone(memory_format=torch.contiguous_format)
    about = {
        "timings": model.timings,
        "curve": model.curve,
        "steps": model.steps,
        "longest": model.longest,
    }
    save_file(state, path, metadata={name: json.dumps(value) for name, value in about.items()})


def load(model: Learner, like: FeatureSplit, path: Path) -> None:
    """Make `model` the one that `save` wrote to the file `path`.

    like: any split of the features that it was trained on: their sizes are the network's. It
    computes in float32, whatever type is stored. Raises InputError where the file is broken or of
    another network.
    """
    arrays, metadata = read_safetensors(path)
    state = {name: torch.from_numpy(array) for name, array in arrays.items()}
    model.longest = json.loads(metadata.get("longest", "0"))
    more = max(0, model.longest - like.tokens.shape[1])  # its texts may be shorter than train's
    like = replace(
        like, tokens=np.pad(like.tokens[:, : model.longest or None], ((0, 0), (0, more)))
    )
    with seeded(model.seed, model.device):
        network = model.build(model.view(like)).to(model.device)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise InputError(f"{path}: not weights of '{model.card.name}': {error}") from error
    model.network = network.eval()
    model.timings.update(json.loads(metadata.get("timings", "{}")))
    model.curve = json.loads(metadata.get("curve", "[]"))
    model.steps = json.loads(metadata.get("steps", "0"))
