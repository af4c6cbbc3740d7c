"""What everything that learns on features offers: its parameters, its network, `fit`."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

import torch
from torch import nn

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.card import ModelCard
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.runtime.devices import resolve


class Learner(ABC):
    """Something with a `card` whose network is built for features and learns from them.

    On a CPU the same parameters, seed and number of threads give the same network; on a GPU its
    last digits may differ.
    """

    card: ModelCard
    network_class: Callable[[FeatureSplit, TrainingParameters], nn.Module]
    # Factors of the batch size, the width and the learning rate that are asked for: what a model
    # needs otherwise than most, with the reason beside it.
    shares: ClassVar[dict[str, float]] = {}
    hinge = False  # whether the published model has the hinge on the hardest negative

    def __init__(self, parameters: TrainingParameters, seed: int = 0, device: str = "auto"):
        self.parameters, self.seed, self.device = self.adjusted(parameters), seed, resolve(device)
        self.timings: dict[str, float] = {}
        self.network: nn.Module | None = None
        self.curve: list[dict] = []  # the rows of `train`, and their stage: "pretrain" or "train"
        self.steps = 0  # of training until now
        self.longest = 0  # words of the longest train text: some networks have a place for each

    @classmethod
    def adjusted(cls, parameters: TrainingParameters) -> TrainingParameters:
        """The parameters as this model uses them: its `shares` of them, and its own objective."""
        share = {"batch_size": 1.0, "width": 1.0, "learning_rate": 1.0} | cls.shares
        changed = {
            "batch_size": max(2, int(share["batch_size"] * parameters.batch_size)),
            "width": max(8, int(share["width"] * parameters.width) // 8 * 8),
            "learning_rate": min(1.0, share["learning_rate"] * parameters.learning_rate),
            "objective": parameters.objective if cls.hinge else "infonce",
        }
        return parameters.model_copy(update=changed)

    @classmethod
    def dimension(cls, parameters: TrainingParameters) -> str:
        """How wide its encodings are under these parameters, as tables print it: "256D"."""
        return cls.card.dimension.format(p=cls.adjusted(parameters))

    def build(self, train: FeatureSplit) -> nn.Module:
        """An untrained network for data like `train`."""
        return self.network_class(train, self.parameters)

    def view(self, split: FeatureSplit) -> FeatureSplit:
        """What this model reads of a split: not where regions are, unless it is to know it."""
        if self.card.positions or split.boxes_for == "all":
            return split
        return replace(split, boxes=None)

    @classmethod
    def check(cls, split: FeatureSplit) -> None:
        """Raise InputError when `split` lacks what the model needs."""
        for need in cls.card.needs:
            if getattr(split, need) is None:
                raise cls.card.lacks(need, split.name)

    @abstractmethod
    def fit(
        self, train_split: FeatureSplit, val: FeatureSplit, extra: FeatureSplit | None = None
    ) -> None:
        """Learn from `train_split`; choices are made on `val`, and `extra` is for pre-training.

        Raises InputError where a split lacks what is needed.
        """

    def timed(self, name: str, step: Callable, *arguments):
        """The result of a step, whose seconds are kept under `name`."""
        start = time.perf_counter()
        result = step(*arguments)
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        self.timings[name] = time.perf_counter() - start
        return result
