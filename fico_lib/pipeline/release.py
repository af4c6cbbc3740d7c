"""Makes released checkpoints: fits the features, trains the models, and says how well they do."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from fico_lib.evaluation import evaluate
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.features.fitted import FILE
from fico_lib.metrics import classification
from fico_lib.models import LABELLERS, VARIANTS, build, training_parameters
from fico_lib.models.base import weights
from fico_lib.pipeline.card import FeaturesCard, WeightsCard, write_card
from fico_lib.pipeline.checkpoints import EXTRA, PROBE, features_path
from fico_lib.pipeline.encode import CACHE, build_features, trained_model
from fico_lib.pipeline.request import Request
from fico_lib.runtime.digests import file_digest
from fico_lib.runtime.files import write_whole
from fico_lib.runtime.machine import machine, versions

RECALL_AT, MAP_AT = (1, 5, 10), (10, "all")


def release_features(request: Request, commit: str, cache: Path | str = CACHE) -> Path:
    """Fit the features of a request, and write them and their card; returns the file.

    commit: of the study, for the card.
    """
    start, path = time.perf_counter(), features_path(request.folder, request.data)
    data = request.data.model_copy(update={EXTRA: 0})  # nothing is fitted on those images
    source = build_features(replace(request, data=data, weights="train"), cache)
    with write_whole(path) as part:
        shutil.copy(source / FILE, part)
    card = FeaturesCard(
        data=data.model_dump(mode="json"),
        features=request.features.model_dump(mode="json"),
        seconds=round(time.perf_counter() - start, 3),
        machine=machine(),
        versions=versions(),
        commit=commit,
        bytes=path.stat().st_size,
    )
    write_card(path, card)
    return path


def extract_features(requests: Sequence[Request], cache: Path | str = CACHE) -> None:
    """Extract what the trainings of these requests read, each once, so that none has to wait.

    Trainings that run at the same time would each extract the same otherwise.
    """
    for request in requests:
        for needed in (request, _probe(request)):
            build_features(needed, cache)


def _probe(request: Request) -> Request:
    """The encodings that recorded metrics are of: on the CPU, as every reader can make them."""
    return replace(request, weights="released", split=PROBE, device="cpu")


def release_weights(request: Request, commit: str, cache: Path | str = CACHE) -> Path:
    """Train the model of a request on the released features; write its weights and their card.

    request: its `weights` is "release". The card is written last: weights without one are not
    done. Returns the file.
    """
    request = replace(request, model=VARIANTS.get(request.model, request.model))
    model, path = trained_model(request, cache), request.weights_path
    training = training_parameters(request.model, request.training.model_dump())
    with write_whole(path) as part:
        weights.save(model, part, torch.float16)
        metrics, size = probe_metrics(request, part, cache), part.stat().st_size
    card = WeightsCard(
        data=request.resolved_data.model_dump(mode="json"),
        features=request.features.model_dump(mode="json"),
        fitted=file_digest(request.fitted_features),
        training=training.model_dump(mode="json"),
        model=request.model,
        variant=training.variant,
        seed=request.seed,
        steps=model.steps,
        curve=model.curve,
        metrics=metrics,
        seconds=round(model.timings["train"], 3),
        machine=machine(),
        versions=versions(),
        commit=commit,
        bytes=size,
    )
    write_card(path, card)
    return path


def probe_metrics(
    request: Request, path: Path, cache: Path | str = CACHE
) -> dict[str, float | None]:
    """Metrics in percent on the probe split of the weights in the file `path`: "t2i R@1" -> 43.5.

    None where the model has no such metric.
    """
    probe = _probe(request)
    source = build_features(probe, cache)
    model = build(probe.model, probe.training, probe.seed, probe.device)
    split = FeatureSplit.load(source / PROBE)
    weights.load(model, split, path)  # its sizes are those of every split
    labels = None if split.labels is None else split.labels[:]
    if request.model in LABELLERS:
        return _label_metrics(model.probabilities(split), model.threshold, labels)
    found = evaluate(
        model.encode(split), labels, recall_at=RECALL_AT, map_at=MAP_AT, device=probe.device
    )
    return {
        f"{direction} {name}": value
        for _, direction, result in found.parts()
        for name, value in result.metrics.items()
        if name.startswith(("R@", "mAP@"))  # in percent; ranks are not
    }


def _label_metrics(
    probabilities: np.ndarray, threshold: float, labels: np.ndarray
) -> dict[str, float | None]:
    """How well a labeller knows the labels (n, c) bool, in percent, from probabilities (n, c)."""
    micro, macro = classification.f1(probabilities >= threshold, labels)
    precision = np.nanmean(classification.category_average_precision(probabilities, labels))
    found = {"micro F1": micro, "macro F1": macro, "mAP": precision}
    return {f"labels {name}": 100 * float(value) for name, value in found.items()}
