"""The one training loop that the models share, and its budget rule.

The learning rate rises linearly in the first steps and is constant from there on. Whenever the best
score on the validation split has not risen for `patience` steps, the network goes back to its best
weights: the first time it goes on with a tenth of the learning rate, the second time training ends.
It ends after `max_steps` steps in any case. No model has a budget of its own.
"""

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.runtime.progress import track

GRADIENT_NORM = 2.0  # longer gradients are clipped to this length
WARM_UP = 200  # steps in which the learning rate rises, a tenth of all steps at most
FALL = 10.0  # divides the learning rate at the first plateau


class DivergedError(RuntimeError):
    """The loss of a model in training is no longer a number."""


@dataclass(frozen=True)
class Batch:
    """b images and one caption of each, on the model's device.

    rows: (b,) int64 into the split's images; regions (b, r, d), boxes (b, r, 4), whole (b, e):
    float32; tokens (b, longest) int64, lengths (b,) int64; labels (b, c) and documents (b, f),
    the texts as one vector each: float32 or None.
    """

    rows: torch.Tensor
    regions: torch.Tensor | None
    boxes: torch.Tensor | None
    whole: torch.Tensor
    tokens: torch.Tensor
    lengths: torch.Tensor
    labels: torch.Tensor | None
    documents: torch.Tensor | None = None


def images_of(
    split: FeatureSplit, rows: np.ndarray, device: torch.device
) -> list[torch.Tensor | None]:
    """Regions, boxes and whole-image features at `rows`, float32; None where there are none."""
    arrays = (split.regions, split.boxes, split.whole)
    return [None if a is None else torch.from_numpy(np.asarray(a[rows])).to(device) for a in arrays]


def texts_of(split: FeatureSplit, texts: np.ndarray, device: torch.device) -> list[torch.Tensor]:
    """Word numbers (b, longest) and lengths (b,) of the distinct texts `texts`, int64."""
    lengths = split.lengths[texts].astype(np.int64)
    tokens = split.tokens[texts, : lengths.max()].astype(np.int64)
    return [torch.from_numpy(array).to(device) for array in (tokens, lengths)]


def documents_of(
    split: FeatureSplit, texts: np.ndarray, device: torch.device
) -> torch.Tensor | None:
    """Vectors (b, f) float32 of the distinct texts `texts`; None where there are none."""
    if split.documents is None:
        return None
    return torch.from_numpy(np.asarray(split.documents[texts])).to(device)


class CaptionPicker:
    """Picks one random caption of each image, however many it has."""

    def __init__(self, image_of_caption: np.ndarray):
        self.by_image = np.argsort(image_of_caption, kind="stable")
        self.counts = np.bincount(image_of_caption)
        self.starts = np.cumsum(self.counts) - self.counts

    def __call__(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Caption numbers (b,) int64 for the images (b,)."""
        picked = (rng.random(len(images)) * self.counts[images]).astype(np.int64)
        return self.by_image[self.starts[images] + picked]


def batches(
    split: FeatureSplit, size: int, rng: np.random.Generator, device: torch.device
) -> Iterator[Batch]:
    """One pass over the images in random order, in whole batches (the rest waits its turn)."""
    pick = CaptionPicker(split.image_of_caption)
    order = rng.permutation(len(split.image_ids))
    size = min(size, len(order))
    for start in range(0, len(order) - size + 1, size):
        rows = order[start : start + size]
        labels = None
        if split.labels is not None:
            labels = torch.from_numpy(split.labels[rows].astype(np.float32)).to(device)
        texts = split.text_of_caption[pick(rows, rng)]
        yield Batch(
            torch.from_numpy(rows).to(device),
            *images_of(split, rows, device),
            *texts_of(split, texts, device),
            labels,
            documents_of(split, texts, device),
        )


def _endless(
    split: FeatureSplit,
    size: int,
    rng: np.random.Generator,
    device: torch.device,
    after_pass: Callable[[], None],
) -> Iterator[Batch]:
    """Pass after pass; `after_pass` is called between the last step of one and the next."""
    while True:
        yield from batches(split, size, rng, device)
        after_pass()


class Plateau:
    """The learning rate of each step, the best weights until now, and the end of training."""

    def __init__(self, network: nn.Module, parameters: TrainingParameters):
        self.network, self.parameters = network, parameters
        self.warm_up = max(1, min(WARM_UP, parameters.max_steps // 10))
        self.best, self.weights = -math.inf, network.state_dict()
        self.waited = self.falls = 0

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 1."""
        return self.parameters.learning_rate / FALL**self.falls * min(1.0, step / self.warm_up)

    def ends(self, score: float) -> bool:
        """Take note of a validation: is training over? At a plateau the best weights come back."""
        if score > self.best:
            self.best, self.weights = score, copy.deepcopy(self.network.state_dict())
            self.waited = 0
            return False
        self.waited += self.parameters.validation_interval
        if self.waited >= self.parameters.patience:
            self.network.load_state_dict(self.weights)
            self.waited, self.falls = 0, self.falls + 1
        return self.falls == 2


def train(
    name: str,
    network: nn.Module,
    split: FeatureSplit,
    loss_of: Callable[[Batch], torch.Tensor],
    score: Callable[[], float],
    parameters: TrainingParameters,
    seed: int,
    device: torch.device,
    after_pass: Callable[[], None] = lambda: None,
) -> list[dict]:
    """Train `network` in place by AdamW and leave it with its best weights, ready to encode.

    loss_of: the loss of a batch; score: how good the network is on the validation split now,
    higher is better; after_pass: called after each pass over `split`. Returns the curve, a row per
    validation: step, score, loss (mean of the steps since the row before) and learning_rate.
    Raises DivergedError naming the model and the step when the loss is not finite.
    """
    optimizer = torch.optim.AdamW(
        network.parameters(), weight_decay=parameters.weight_decay, fused=True
    )
    stream = _endless(split, parameters.batch_size, np.random.default_rng(seed), device, after_pass)
    plateau = Plateau(network, parameters)
    curve: list[dict] = []
    losses: list[float] = []

    def progress() -> str:
        return f"training {name}" + (f", best score {plateau.best:.4g}" if curve else "")

    network.train()
    for step in track(range(1, parameters.max_steps + 1), progress):
        rate = optimizer.param_groups[0]["lr"] = plateau.rate(step)
        loss = loss_of(next(stream))
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            raise DivergedError(
                f"model '{name}' diverged: its loss is {losses[-1]} at step {step}; "
                "a smaller learning_rate usually helps"
            )
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), GRADIENT_NORM)
        optimizer.step()
        if step % parameters.validation_interval == 0 or step == parameters.max_steps:
            network.eval()
            mean = sum(losses) / len(losses)
            curve.append({"step": step, "score": score(), "loss": mean, "learning_rate": rate})
            losses.clear()
            if plateau.ends(curve[-1]["score"]):
                break
            network.train()
    network.load_state_dict(plateau.weights)
    network.eval()
    return curve
