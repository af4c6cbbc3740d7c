"""What every model offers: `fit` on features, then `encode` a split."""

import time
from abc import ABC, abstractmethod

import numpy as np
import torch
from torch import nn

from fico_lib.encodings import Codes, Embeddings
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
    """

    card: ModelCard

    def __init__(self, parameters: TrainingParameters, seed: int = 0, device: str = "auto"):
        self.parameters, self.seed, self.device = self.adjusted(parameters), seed, resolve(device)
        self.timings: dict[str, float] = {}
        self.network: nn.Module | None = None
        self.curve: list[dict] = []
        self.steps = 0

    @classmethod
    def adjusted(cls, parameters: TrainingParameters) -> TrainingParameters:
        """The parameters as this model uses them; a model that needs other ones says so here."""
        return parameters

    @classmethod
    def dimension(cls, parameters: TrainingParameters) -> str:
        """How wide its encodings are under these parameters, as tables print it: "256D"."""
        return cls.card.dimension.format(p=cls.adjusted(parameters))

    @abstractmethod
    def build(self, train: FeatureSplit) -> nn.Module:
        """An untrained network for data like `train`.

        Its methods images(regions, boxes, whole) and texts(tokens, lengths), or texts of what
        `text_inputs` gives, return (b, d) vectors.
        """

    @abstractmethod
    def loss(self, batch: Batch) -> torch.Tensor:
        """The training loss of a batch, a scalar."""

    @abstractmethod
    def score(self, images: torch.Tensor, texts: torch.Tensor, val: FeatureSplit) -> float:
        """How good vectors of the validation split are, higher is better.

        images: (n_images, d); texts: (n_captions, d), both as the network gives them.
        """

    @abstractmethod
    def pack(self, images: np.ndarray, texts: np.ndarray, **about) -> Embeddings | Codes:
        """Encodings of the network's vectors; about: their other constructor arguments."""

    def text_inputs(self, split: FeatureSplit, texts: np.ndarray) -> list[torch.Tensor]:
        """What `network.texts` reads of the distinct texts `texts`: word numbers and lengths."""
        return texts_of(split, texts, self.device)

    def after_epoch(self) -> None:  # noqa: B027 (most models do nothing here)
        """What a model does at the end of each epoch; nothing, unless it says otherwise."""

    @classmethod
    def check(cls, split: FeatureSplit) -> None:
        """Raise InputError when `split` lacks what the model needs."""
        for need in cls.card.needs:
            if getattr(split, need) is None:
                raise cls.card.lacks(need, split.name)

    def fit(self, train_split: FeatureSplit, val: FeatureSplit) -> None:
        """Train on `train_split`, choosing the epoch that does best on `val`."""
        for split in (train_split, val):
            self.check(split)
        start = time.perf_counter()
        with threads(self.parameters.threads), seeded(self.seed, self.device):
            self.network = self.build(train_split).to(self.device)
            train(
                self.card.name,
                self.network,
                train_split,
                self.loss,
                lambda: self.score(self._images(val), self._texts(val), val),
                self.parameters,
                self.seed,
                self.device,
                self.after_epoch,
            )
        self.timings["train"] = time.perf_counter() - start

    def encode(self, split: FeatureSplit) -> Embeddings | Codes:
        """Encodings of a split; timings in seconds: train, encode_images, encode_texts."""
        if self.network is None:
            raise RuntimeError(f"model '{self.card.name}' is not trained: call fit first")
        arrays, timings = [], dict(self.timings)
        with threads(self.parameters.threads):
            for name, vectors in (("images", self._images), ("texts", self._texts)):
                start = time.perf_counter()
                arrays.append(vectors(split).cpu().numpy())  # waits for the device
                timings[f"encode_{name}"] = time.perf_counter() - start
        return self.pack(
            *arrays,
            image_of_caption=np.array(split.image_of_caption),
            image_ids=np.array(split.image_ids),
            caption_ids=np.array(split.caption_ids),
            model=self.card.name,
            timings=timings,
        )

    @torch.inference_mode()
    def _images(self, split: FeatureSplit) -> torch.Tensor:
        """The network's vectors of the images, (n_images, d)."""
        blocks = _blocks(len(split.image_ids))
        return torch.cat(
            [self.network.images(*images_of(split, rows, self.device)) for rows in blocks]
        )

    @torch.inference_mode()
    def _texts(self, split: FeatureSplit) -> torch.Tensor:
        """The network's vectors of the captions, (n_captions, d); each distinct text once."""
        # Texts of similar length stand together, so that little padding is computed.
        order = np.argsort(split.lengths, kind="stable")
        blocks = [order[block] for block in _blocks(len(order))]
        vectors = torch.cat(
            [self.network.texts(*self.text_inputs(split, texts)) for texts in blocks]
        )
        row_of_text = np.argsort(order)[split.text_of_caption]
        return vectors[torch.from_numpy(row_of_text).to(self.device)]


def _blocks(n: int) -> list[np.ndarray]:
    return [np.arange(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK)]
