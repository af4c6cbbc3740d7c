"""What every model offers: `fit` on features, then `encode` a split."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

import numpy as np
import torch
from torch import nn

from fico_lib.encodings import Encodings
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.card import ModelCard
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.training import Batch, images_of, texts_of, train
from fico_lib.runtime.devices import resolve, seeded, threads

BLOCK = 1000  # images or texts encoded at once


class Model(ABC):
    """A model that is trained from scratch and encodes images and texts independently.

    A subclass has a `card`, and says what its network is, its loss on a batch and its score on the
    validation split; training, encoding and timing are here. On a CPU the same parameters, seed and
    number of threads give the same encodings; on a GPU their last digits may differ.

    "Pre-training" means here: a model learns first on a split `extra` (image-text pairs disjoint
    from the others; in `scenes` the parameter n_extra), and then on `train`. Where there is no such
    split a vision-language model has the architecture of the published one, not its pre-training.
    """

    card: ModelCard
    network_class: Callable[[FeatureSplit, TrainingParameters], nn.Module]
    # Factors of the batch size, the width and the learning rate that are asked for: what a model
    # needs otherwise than most, with the reason beside it.
    shares: ClassVar[dict[str, float]] = {}
    fine_tuning = 0.5  # share of the learning rate after pre-training: what was learned is kept
    hinge = False  # whether the published model has the hinge on the hardest negative

    def __init__(self, parameters: TrainingParameters, seed: int = 0, device: str = "auto"):
        self.parameters, self.seed, self.device = self.adjusted(parameters), seed, resolve(device)
        self.timings: dict[str, float] = {}
        self.network: nn.Module | None = None
        self.curve: list[dict] = []  # the rows of `train`, and their stage: "pretrain" or "train"
        self.steps = 0  # of training until now
        self.longest = 0  # words of the longest train text: some networks have a place for each
        self.pretrains = False  # whether it learns on `extra` now

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
        """An untrained network for data like `train`.

        Its methods images(regions, boxes, whole) and texts(tokens, lengths), or texts of what
        `text_inputs` gives, return (b, d) vectors.
        """
        return self.network_class(train, self.parameters)

    @abstractmethod
    def loss(self, batch: Batch) -> torch.Tensor:
        """The training loss of a batch, a scalar."""

    @abstractmethod
    def score(self, images, texts, val: FeatureSplit) -> float:
        """How good encodings of the validation split are, higher is better.

        images, texts: as `encode_images` and `encode_texts` give them.
        """

    @abstractmethod
    def pack(self, images, texts, split: FeatureSplit) -> Encodings:
        """Encodings of a split, of what `encode_images` and `encode_texts` give."""

    def view(self, split: FeatureSplit) -> FeatureSplit:
        """What this model reads of a split: not where regions are, unless it is to know it."""
        if self.card.positions or split.boxes_for == "all":
            return split
        return replace(split, boxes=None)

    def text_inputs(self, split: FeatureSplit, texts: np.ndarray) -> list[torch.Tensor]:
        """What `network.texts` reads of the distinct texts `texts`: word numbers and lengths."""
        return texts_of(split, texts, self.device)

    def after_pass(self) -> None:  # noqa: B027 (most models do nothing here)
        """What a model does after each pass over the data; nothing, unless it says otherwise."""

    @classmethod
    def check(cls, split: FeatureSplit) -> None:
        """Raise InputError when `split` lacks what the model needs."""
        for need in cls.card.needs:
            if getattr(split, need) is None:
                raise cls.card.lacks(need, split.name)

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
            lambda: self.score(self.encode_images(val), self.encode_texts(val), val),
            parameters,
            self.seed,
            self.device,
            self.after_pass,
        )
        stage = "pretrain" if self.pretrains else "train"
        self.curve += [row | {"stage": stage} for row in curve]

    def encode(self, split: FeatureSplit) -> Encodings:
        """Encodings of a split.

        timings in seconds: train, pretrain, encode_images, encode_texts, score_pairs, as far as
        they apply.
        """
        if self.network is None:
            raise RuntimeError(f"model '{self.card.name}' is not trained: call fit first")
        split = self.view(split)
        with threads(self.parameters.threads):
            images = self.timed("encode_images", self.encode_images, split)
            texts = self.timed("encode_texts", self.encode_texts, split)
            return self.pack(images, texts, split)

    def about(self, split: FeatureSplit) -> dict:
        """What encodings of a split carry besides vectors, codes or scores."""
        return {
            "image_of_caption": np.array(split.image_of_caption),
            "image_ids": np.array(split.image_ids),
            "caption_ids": np.array(split.caption_ids),
            "model": self.card.name,
            "timings": dict(self.timings),
        }

    def timed(self, name: str, step: Callable, *arguments):
        """The result of a step, whose seconds are kept under `name`."""
        start = time.perf_counter()
        result = step(*arguments)
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        self.timings[name] = time.perf_counter() - start
        return result

    @torch.inference_mode()
    def encode_images(self, split: FeatureSplit) -> torch.Tensor:
        """The network's vectors of the images, (n_images, d)."""
        return torch.cat(self.image_blocks(split)[0])

    @torch.inference_mode()
    def encode_texts(self, split: FeatureSplit) -> torch.Tensor:
        """The network's vectors of the captions, (n_captions, d); each distinct text once."""
        blocks, order = self.text_blocks(split)
        row_of_text = np.argsort(order)[split.text_of_caption]
        return torch.cat(blocks)[torch.from_numpy(row_of_text).to(self.device)]

    def image_blocks(self, split: FeatureSplit) -> tuple[list, np.ndarray]:
        """What the network gives of the images, in blocks; and the images' rows in that order."""
        order = np.arange(len(split.image_ids))
        inputs = (images_of(split, rows, self.device) for rows in _blocks(order))
        return [self.network.images(*x) for x in inputs], order

    def text_blocks(self, split: FeatureSplit) -> tuple[list, np.ndarray]:
        """What the network gives of the distinct texts, in blocks; and their rows in that order.

        Texts of similar length stand together, so that little padding is computed.
        """
        order = np.argsort(split.lengths, kind="stable")
        inputs = (self.text_inputs(split, texts) for texts in _blocks(order))
        return [self.network.texts(*x) for x in inputs], order


def _blocks(order: np.ndarray) -> list[np.ndarray]:
    return [order[start : start + BLOCK] for start in range(0, len(order), BLOCK)]
