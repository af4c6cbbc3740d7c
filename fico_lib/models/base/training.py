"""The one training loop that the models share."""

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
WARM_UP = 0.1  # share of the steps in which the learning rate rises


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


def train(
    name: str,
    network: nn.Module,
    split: FeatureSplit,
    loss_of: Callable[[Batch], torch.Tensor],
    score: Callable[[], float],
    parameters: TrainingParameters,
    seed: int,
    device: torch.device,
    after_epoch: Callable[[], None] = lambda: None,
) -> float:
    """Train `network` in place and leave it as it was after its best epoch, ready to encode.

    loss_of: the loss of a batch; score: how good the network is on the validation split now,
    higher is better; after_epoch: called before each score. AdamW with one cycle of the learning
    rate (Smith and Topin 2018, "Super-Convergence"). Returns the best score. Raises DivergedError
    naming the model and the step when the loss is not finite.
    """
    rng = np.random.default_rng(seed)
    optimizer = torch.optim.AdamW(
        network.parameters(), parameters.learning_rate, weight_decay=parameters.weight_decay
    )
    n_steps = len(split.image_ids) // min(parameters.batch_size, len(split.image_ids))
    total = max(3, parameters.epochs * n_steps)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        parameters.learning_rate,
        total_steps=total,
        pct_start=max(WARM_UP, 2 / total),  # it divides by the warm-up's steps less one
    )
    best, state, step = -math.inf, None, 0
    for _ in track(range(parameters.epochs), f"training {name}"):
        network.train()
        for batch in batches(split, parameters.batch_size, rng, device):
            step += 1
            loss = loss_of(batch)
            if not torch.isfinite(loss):
                raise DivergedError(
                    f"model '{name}' diverged: its loss is {loss.item()} at step {step}; "
                    "a smaller learning_rate usually helps"
                )
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), GRADIENT_NORM)
            optimizer.step()
            schedule.step()
        network.eval()
        after_epoch()
        if (value := score()) > best:
            best, state = value, copy.deepcopy(network.state_dict())
    network.load_state_dict(state)
    return best
