"""The controls as models: two closed-form heads, each with float embeddings and with codes.

What they are for, and how the heads are solved, is in `fico_lib.models.controls`. An image is read
as a whole, a text as a weighted bag of words; what the head makes of its latent semantics is one
matrix over the words, so that a control is two linear layers whose weights nobody trained.
"""

import time
from dataclasses import replace
from typing import ClassVar

import numpy as np
import torch
from torch import nn
from torch.nn.functional import normalize

from fico_lib.encodings import Codes, Embeddings
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.card import ModelCard
from fico_lib.models.base.encoder import Encoder
from fico_lib.models.controls import Affine, codes_of, label_head, pair_head, vectors_of
from fico_lib.models.latent import LatentSemantics
from fico_lib.models.layers.padding import inside
from fico_lib.runtime.devices import seeded, threads

NOT_PUBLISHED = "not published: a baseline in closed form"


class TwoLayers(nn.Module):
    """One linear layer over the whole image, one over the words of a text."""

    def __init__(self, inputs: int, words: int, outputs: int):
        super().__init__()
        self.register_buffer("word_weights", torch.zeros(words))
        self.from_image = nn.Linear(inputs, outputs)
        self.from_words = nn.Linear(words, outputs)

    def images(self, regions, boxes, whole) -> torch.Tensor:
        """(b, inputs) -> (b, outputs); regions are not used."""
        return self.from_image(whole)

    def texts(self, tokens: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """(b, longest) int64, (b,) -> (b, outputs), of bags as `LatentSemantics` weighs them."""
        counts = torch.zeros(len(tokens), len(self.word_weights), device=tokens.device)
        counts.scatter_add_(1, tokens, inside(tokens.shape[1], lengths).to(counts.dtype))
        bags = torch.where(counts > 0, 1 + counts.clamp(min=1).log(), 0) * self.word_weights
        return self.from_words(normalize(bags, dim=1))


class ClosedForm(Encoder):
    """Base of the controls: a head, solved on the train split."""

    binary: ClassVar[bool] = False

    def outputs(self, train: FeatureSplit) -> int:
        """The size of the head's vectors."""
        return min(train.whole.shape[1], train.vocabulary_size, self.parameters.dimension)

    def head(self, vectors) -> tuple[Affine, Affine]:
        """The maps of images and of texts in their latent semantics."""
        return pair_head(vectors)

    def build(self, train: FeatureSplit) -> nn.Module:
        """The layers for the sizes of `train`; InputError where it lacks what the head needs."""
        self.check(train)
        size = self.parameters.bits if self.binary else self.outputs(train)
        return TwoLayers(train.whole.shape[1], train.vocabulary_size, size)

    def fit(
        self, train_split: FeatureSplit, val: FeatureSplit, extra: FeatureSplit | None = None
    ) -> None:
        """Solve the head on `train_split`; no other split is read."""
        start = time.perf_counter()
        train, parameters = train_split, self.parameters
        self.longest = train.tokens.shape[1]
        with threads(parameters.threads), seeded(self.seed, self.device):
            self.network = self.build(train).to(self.device)
            words = train.tokens, train.lengths, train.vocabulary_size
            space = LatentSemantics(*words, parameters.dimension)
            vectors = vectors_of(train, space)
            sides = self.head(vectors)
            if self.binary:
                bits = codes_of(vectors, sides, parameters.bits, self.seed)
                sides = sides[0].then(bits[0]), sides[1].then(bits[1])
            of_words = Affine(space.basis @ sides[1].weights, sides[1].offset)
            with torch.no_grad():
                self.network.word_weights.copy_(torch.from_numpy(space.weights))
                _set(self.network.from_image, sides[0])
                _set(self.network.from_words, of_words)
        self.network.eval()
        self.timings["train"] = time.perf_counter() - start

    def pack(
        self, images: torch.Tensor, texts: torch.Tensor, split: FeatureSplit
    ) -> Codes | Embeddings:
        """Codes of the signs, or embeddings compared by cosine."""
        if self.binary:
            signs = ((side >= 0).cpu().numpy() for side in (images, texts))
            return Codes.pack(*signs, **self.about(split))
        return Embeddings(images.cpu().numpy(), texts.cpu().numpy(), **self.about(split))


def _set(layer: nn.Linear, solved: Affine) -> None:
    """Give a layer the solved map; outputs beyond those of the map, for small data, stay 0."""
    count = solved.weights.shape[1]
    layer.weight.zero_()
    layer.bias.zero_()
    layer.weight[:count] = torch.from_numpy(np.ascontiguousarray(solved.weights.T))
    layer.bias[:count] = torch.from_numpy(solved.offset)


class PairsFloat(ClosedForm):
    """Canonical correlation analysis of whole images and texts."""

    card = ModelCard(
        name="pairs_float",
        title="CCA",
        image_features="whole image",
        text_features="bag of words",
        reference="Gong et al. 2014",
        needs=(),
        note="a baseline in closed form",
        objective=NOT_PUBLISHED,
        architecture=NOT_PUBLISHED,
        training=NOT_PUBLISHED,
        selection=NOT_PUBLISHED,
    )


class PairsBinary(PairsFloat):
    """ITQ codes of the same vectors."""

    binary = True
    card = replace(
        PairsFloat.card,
        name="pairs_binary",
        title="CCA, ITQ",
        granularity="CG",
        dimension="{p.bits}D",
        dtype="1 bit",
    )


class LabelsFloat(ClosedForm):
    """Ridge regression of whole images and of texts to the labels."""

    card = replace(
        PairsFloat.card,
        name="labels_float",
        title="Ridge regression to labels",
        dimension="one per category",
        needs=("labels",),
    )

    def outputs(self, train: FeatureSplit) -> int:
        """One per category."""
        return train.labels.shape[1]

    def head(self, vectors) -> tuple[Affine, Affine]:
        """The regressions of images and of texts."""
        return label_head(vectors)


class LabelsBinary(LabelsFloat):
    """ITQ codes of the same vectors."""

    binary = True
    card = replace(PairsBinary.card, name="labels_binary", title="Ridge, ITQ", needs=("labels",))
