"""What checkpoints do with images and texts: four kinds, each with the steps that it has."""

from inspect import signature
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import normalize


class Encoder:
    """A network in evaluation mode on its device.

    has_images: whether it encodes images; matches: whether it scores pairs. Inputs and outputs are
    tensors on the device of the network.
    """

    has_images = True
    matches = False

    def __init__(self, network: nn.Module):
        self.network = network

    def arguments(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The names of arguments that `images` and `texts` take."""
        return ("pixel_values",), ("input_ids", "attention_mask")

    def images(self, pixels: dict[str, torch.Tensor]) -> torch.Tensor:
        """Preprocessed images of n -> (n, d), or of several vectors each (n, vectors, d)."""
        raise NotImplementedError

    def texts(self, tokens: dict[str, torch.Tensor]) -> torch.Tensor:
        """Token ids and their mask of n texts -> (n, d)."""
        raise NotImplementedError

    def hidden(self, pixels: dict[str, torch.Tensor]) -> torch.Tensor:
        """What `match` reads of n images: (n, patches, width)."""
        raise NotImplementedError

    def match(self, hidden: torch.Tensor, tokens: dict[str, torch.Tensor]) -> torch.Tensor:
        """The matching head's score of n pairs, (n,): the logit of "they match"."""
        raise NotImplementedError


class DualEncoder(Encoder):
    """A class with get_image_features and get_text_features: CLIP, SigLIP, ALIGN, ..."""

    def arguments(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """As in `Encoder`."""
        return _named(self.network.get_image_features), _named(self.network.get_text_features)

    def images(self, pixels: dict[str, torch.Tensor]) -> torch.Tensor:
        """As in `Encoder`."""
        return _vectors(self.network.get_image_features(**pixels))

    def texts(self, tokens: dict[str, torch.Tensor]) -> torch.Tensor:
        """As in `Encoder`."""
        return _vectors(self.network.get_text_features(**tokens))


def _named(method) -> tuple[str, ...]:
    return tuple(name for name in signature(method).parameters if name not in ("args", "kwargs"))


def _vectors(out: Any) -> torch.Tensor:
    """Embeddings of a tensor or of an output object; of FLAVA's the first token's."""
    vectors = out if isinstance(out, torch.Tensor) else out.pooler_output
    return vectors[:, 0] if vectors.ndim == 3 else vectors


class Blip(Encoder):
    """BlipForImageTextRetrieval: its contrastive projections, and its matching head.

    As transformers computes both; the original puts another first token before a text that is
    matched, which transformers does not.
    """

    matches = True

    def images(self, pixels: dict[str, torch.Tensor]) -> torch.Tensor:
        """As in `Encoder`."""
        return normalize(self.network.vision_proj(self.hidden(pixels)[:, 0]), dim=-1)

    def texts(self, tokens: dict[str, torch.Tensor]) -> torch.Tensor:
        """As in `Encoder`."""
        hidden = self.network.text_encoder(**tokens).last_hidden_state
        return normalize(self.network.text_proj(hidden[:, 0]), dim=-1)

    def hidden(self, pixels: dict[str, torch.Tensor]) -> torch.Tensor:
        """As in `Encoder`."""
        return self.network.vision_model(**pixels).last_hidden_state

    def match(self, hidden: torch.Tensor, tokens: dict[str, torch.Tensor]) -> torch.Tensor:
        """As in `Encoder`."""
        mask = torch.ones(hidden.shape[:2], dtype=torch.long, device=hidden.device)
        found = self.network.text_encoder(
            **tokens, encoder_hidden_states=hidden, encoder_attention_mask=mask
        )
        return self.network.itm_head(found.last_hidden_state[:, 0])[:, 1]


class Blip2(Encoder):
    """Blip2ForImageTextRetrieval: a vector per query token of an image; the best one counts."""

    matches = True

    def images(self, pixels: dict[str, torch.Tensor]) -> torch.Tensor:
        """As in `Encoder`: (n, query tokens, d)."""
        hidden = self.hidden(pixels)
        mask = torch.ones(hidden.shape[:2], dtype=torch.long, device=hidden.device)
        found = self.network.qformer(
            query_embeds=self.network.query_tokens.expand(len(hidden), -1, -1),
            encoder_hidden_states=hidden, encoder_attention_mask=mask, return_dict=True,
        )  # fmt: skip
        return normalize(self.network.vision_projection(found.last_hidden_state), dim=-1)

    def texts(self, tokens: dict[str, torch.Tensor]) -> torch.Tensor:
        """As in `Encoder`."""
        embedded = self.network.embeddings(input_ids=tokens["input_ids"])
        found = self.network.qformer(
            query_embeds=embedded, query_length=0, attention_mask=tokens["attention_mask"],
            return_dict=True,
        )  # fmt: skip
        return normalize(self.network.text_projection(found.last_hidden_state[:, 0]), dim=-1)

    def hidden(self, pixels: dict[str, torch.Tensor]) -> torch.Tensor:
        """As in `Encoder`."""
        return self.network.vision_model(**pixels).last_hidden_state

    def match(self, hidden: torch.Tensor, tokens: dict[str, torch.Tensor]) -> torch.Tensor:
        """As in `Encoder`: the mean over the query tokens."""
        queries = self.network.query_tokens.expand(len(hidden), -1, -1)
        seen = torch.ones(queries.shape[:2], dtype=torch.long, device=hidden.device)
        mask = torch.ones(hidden.shape[:2], dtype=torch.long, device=hidden.device)
        found = self.network.qformer(
            query_embeds=self.network.embeddings(
                input_ids=tokens["input_ids"], query_embeds=queries
            ),
            query_length=queries.shape[1],
            attention_mask=torch.cat([seen, tokens["attention_mask"]], 1),
            encoder_hidden_states=hidden, encoder_attention_mask=mask, return_dict=True,
        )  # fmt: skip
        scores = self.network.itm_head(found.last_hidden_state[:, : queries.shape[1]])
        return scores.mean(1)[:, 1]


class SentenceEncoder(Encoder):
    """An encoder of texts alone; a text is the mean, the first or the largest of its tokens.

    pooling: "mean", "cls" or "max", as sentence-transformers calls them.
    """

    has_images = False

    def __init__(self, network: nn.Module, pooling: str):
        super().__init__(network)
        self.pooling = pooling

    def arguments(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """As in `Encoder`."""
        return (), _named(self.network.forward)

    def texts(self, tokens: dict[str, torch.Tensor]) -> torch.Tensor:
        """As in `Encoder`."""
        hidden = self.network(**tokens).last_hidden_state
        mask = tokens["attention_mask"][:, :, None].bool()
        if self.pooling == "cls":
            return hidden[:, 0]
        if self.pooling == "max":
            return hidden.masked_fill(~mask, -torch.inf).amax(1)
        return (hidden * mask).sum(1) / mask.sum(1).clamp(min=1)


def products(images: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """Scores (n, m) float32 of images with several vectors (n, vectors, d) and texts (m, d).

    The best of an image's vectors counts, as in BLIP-2.
    """
    scores = np.full((len(images), len(texts)), -np.inf, np.float32)
    for number in range(images.shape[1]):
        np.maximum(scores, images[:, number] @ texts.T, out=scores)
    return scores
