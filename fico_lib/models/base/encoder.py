"""What encodes images and texts: a split through the network, in blocks."""

from abc import abstractmethod

import numpy as np
import torch

from fico_lib.encodings import Encodings
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.learner import Learner
from fico_lib.models.base.training import images_of, texts_of
from fico_lib.runtime.devices import threads

BLOCK = 1000  # images or texts encoded at once


class Encoder(Learner):
    """A learner whose network encodes images and texts independently.

    The network's methods images(regions, boxes, whole) and texts(tokens, lengths), or texts of what
    `text_inputs` gives, return (b, d) vectors.
    """

    @abstractmethod
    def pack(self, images, texts, split: FeatureSplit) -> Encodings:
        """Encodings of a split, of what `encode_images` and `encode_texts` give."""

    def text_inputs(self, split: FeatureSplit, texts: np.ndarray) -> list[torch.Tensor]:
        """What `network.texts` reads of the distinct texts `texts`: word numbers and lengths."""
        return texts_of(split, texts, self.device)

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
