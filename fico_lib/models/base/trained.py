"""Learning by gradient: `fit` by the one budget rule, with pre-training where there is any."""

import time
from abc import abstractmethod

import torch

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.learner import Learner
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.training import Batch, train
from fico_lib.runtime.devices import seeded, threads


class Trained(Learner):
    """A learner with a loss of a batch, and a measure of how good it is on the validation split.

    "Pre-training" means here: it learns first on a split `extra` (image-text pairs disjoint from
    the others; in `scenes` the parameter n_extra), and then on `train`. Where there is no such
    split a vision-language model has the architecture of the published one, not its pre-training.
    """

    fine_tuning = 0.5  # share of the learning rate after pre-training: what was learned is kept
    pretrains = False  # whether it learns on `extra` now

    @abstractmethod
    def loss(self, batch: Batch) -> torch.Tensor:
        """The training loss of a batch, a scalar."""

    @abstractmethod
    def validation_score(self, val: FeatureSplit) -> float:
        """How good the network is on the validation split now, higher is better."""

    def after_pass(self) -> None:
        """What a model does after each pass over the data; nothing, unless it says otherwise."""

    def fit(
        self, train_split: FeatureSplit, val: FeatureSplit, extra: FeatureSplit | None = None
    ) -> None:
        """Train, keeping the weights that do best on `val`.

        extra: the pairs to pre-train on, or None; after them `train_split` is learned at a lower
        rate, by the same rule. Raises InputError where a split lacks what the model needs, and
        DivergedError.
        """
        for split in (train_split, val, extra):
            if split is not None:
                self.check(split)
        train_split, val = self.view(train_split), self.view(val)
        self.longest = train_split.tokens.shape[1]
        extra = None if extra is None else self.view(extra)
        start = time.perf_counter()
        with threads(self.parameters.threads), seeded(self.seed, self.device):
            self.network = self.build(train_split).to(self.device)
            parameters = self.parameters
            if extra is not None:
                self.pretrains = True
                self._learn(extra, val, parameters)
                self.pretrains = False
                self.timings["pretrain"] = time.perf_counter() - start
                rate = self.fine_tuning * parameters.learning_rate
                parameters = parameters.model_copy(update={"learning_rate": rate})
            self._learn(train_split, val, parameters)
        self.timings["train"] = time.perf_counter() - start

    def _learn(
        self, split: FeatureSplit, val: FeatureSplit, parameters: TrainingParameters
    ) -> None:
        def counted(batch: Batch) -> torch.Tensor:
            self.steps += 1
            return self.loss(batch)

        curve = train(
            self.card.name + (" (pre-training)" if self.pretrains else ""),
            self.network,
            split,
            counted,
            lambda: self.validation_score(val),
            parameters,
            self.seed,
            self.device,
            self.after_pass,
        )
        stage = "pretrain" if self.pretrains else "train"
        self.curve += [row | {"stage": stage} for row in curve]
