"""What the vision-language pre-trained (VLP) models share: more pairs before fine-tuning.

"Pre-training" means here: when the data have a split `extra` (image-text pairs disjoint from the
others; in `scenes` the parameter n_extra), a model first learns on it, and then on `train`. Where
there is no such split it learns on `train` alone, and its timings have no entry `pretrain`: such a
model has a VLP architecture, not its pre-training.
"""

import time

import numpy as np
import torch

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.model import Model
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.training import train
from fico_lib.runtime.devices import seeded, threads


class PretrainedModel(Model):
    """A model that is trained on the split `extra`, where there is one, and then on `train`."""

    # Shares of what is asked for: a transformer costs more than a GRU, and learns at lower rates.
    width, epochs, learning_rate = 1 / 2, 1.0, 1 / 2
    pretraining = 0.5  # passes over `extra` per pass over `train`
    fine_tuning = 0.5  # share of the learning rate that is left after pre-training

    def __init__(self, parameters: TrainingParameters, seed: int = 0, device: str = "auto"):
        super().__init__(parameters, seed, device)
        self.pretrains = False  # whether it learns on `extra` now

    @classmethod
    def adjusted(cls, parameters: TrainingParameters) -> TrainingParameters:
        """Shares of the width (a multiple of 8), of the epochs and of the learning rate."""
        changed = {
            "width": max(8, int(cls.width * parameters.width) // 8 * 8),
            "epochs": max(1, round(cls.epochs * parameters.epochs)),
            "learning_rate": cls.learning_rate * parameters.learning_rate,
        }
        return parameters.model_copy(update=changed)

    def pretraining_parameters(self) -> TrainingParameters:
        """The parameters of the training on `extra`."""
        epochs = max(1, round(self.pretraining * self.parameters.epochs))
        return self.parameters.model_copy(update={"epochs": epochs})

    def fine_tuning_parameters(self, pretrained: bool) -> TrainingParameters:
        """The parameters of the training on `train`."""
        rate = self.parameters.learning_rate * (self.fine_tuning if pretrained else 1)
        return self.parameters.model_copy(update={"learning_rate": rate})

    def fit(
        self, train_split: FeatureSplit, val: FeatureSplit, extra: FeatureSplit | None = None
    ) -> None:
        """Train, choosing the epoch that does best on `val`, and then what `choose` chooses.

        extra: the pairs to pre-train on, or None. Raises InputError where a split lacks what the
        model needs, and DivergedError.
        """
        for split in (train_split, val, extra):
            if split is not None:
                self.check(split)
        start = time.perf_counter()
        with threads(self.parameters.threads), seeded(self.seed, self.device):
            self.network = self.build(train_split).to(self.device)
            if extra is not None:
                self.pretrains = True
                self._learn(extra, val, self.pretraining_parameters())
                self.pretrains = False
                self.timings["pretrain"] = time.perf_counter() - start
            self._learn(train_split, val, self.fine_tuning_parameters(extra is not None))
            self.choose(val)
        self.timings["train"] = time.perf_counter() - start

    def choose(self, val: FeatureSplit) -> None:
        """What a model chooses on `val` when it is trained; nothing, unless it says otherwise."""

    def _learn(self, split: FeatureSplit, val: FeatureSplit, parameters) -> None:
        stage = " (pre-training)" if self.pretrains else ""
        train(
            self.card.name + stage,
            self.network,
            split,
            self.loss,
            lambda: self.validate(val),
            parameters,
            self.seed,
            self.device,
        )

    def validate(self, val: FeatureSplit) -> float:
        """How good the network is on `val` now, higher is better."""
        return self.score(self._images(val), self._texts(val), val)


def image_rows(split: FeatureSplit, device: torch.device) -> torch.Tensor:
    """The image that each caption describes, (n_captions,) int64."""
    return torch.from_numpy(np.array(split.image_of_caption)).to(device)
