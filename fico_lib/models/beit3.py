"""BEiT-3: a dual encoder whose two transformers share their self-attention.

After Wang et al. 2023, "Image as a Foreign Language: BEiT Pretraining for Vision and
Vision-Language Tasks": in a multiway transformer each block has one self-attention for both
modalities, and one feed-forward expert per modality (Section 2.1); for retrieval, images and texts
are encoded apart and compared by cosine, trained with InfoNCE (Section 3.1.3). What differs here:
- images are regions of a detector instead of patches;
- pre-training is contrastive alone, without masked data modelling;
- a sequence is read by its [CLS] token and the mean of the others.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn.functional import normalize

from fico_lib.encodings import Embeddings
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.card import ModelCard
from fico_lib.models.base.losses import info_nce
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.selection import recall_sum
from fico_lib.models.base.training import Batch
from fico_lib.models.base.vlp import PretrainedModel, image_rows
from fico_lib.models.layers.transformer import (
    Attention,
    ImageTokens,
    TextTokens,
    feed_forward,
    grouped,
    summary,
)

BLOCKS, HEADS = 2, 2
FIRST_SCALE, LARGEST_SCALE = 15.0, 100.0  # of the cosines: the inverse temperature


class MultiwayBlock(nn.Module):
    """Self-attention shared by the modalities, then the feed-forward expert of one of them."""

    def __init__(self, width: int):
        super().__init__()
        self.norm, self.attention = nn.LayerNorm(width), Attention(width, HEADS)
        self.experts = nn.ModuleDict({name: feed_forward(width) for name in ("image", "text")})

    def forward(self, tokens, modality: str, mask: torch.Tensor | None = None) -> torch.Tensor:
        """tokens (b, t, width), mask (b, t) bool -> (b, t, width)."""
        normed = self.norm(tokens)
        tokens = tokens + self.attention(normed, normed, mask)
        return tokens + self.experts[modality](tokens)


class MultiwayEncoder(nn.Module):
    """Unit vectors of images and of texts, in one space."""

    def __init__(self, train: FeatureSplit, parameters: TrainingParameters):
        super().__init__()
        width, dropout = parameters.width, parameters.dropout
        self.image_tokens = ImageTokens(train.regions.shape[2], width, dropout)
        longest = train.tokens.shape[1]
        self.text_tokens = TextTokens(train.vocabulary_size, longest, width, dropout)
        self.blocks = nn.ModuleList([MultiwayBlock(width) for _ in range(BLOCKS)])
        self.from_image = nn.Linear(2 * width, parameters.dimension)
        self.from_text = nn.Linear(2 * width, parameters.dimension)
        self.log_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE)))

    def images(self, regions, boxes, whole) -> torch.Tensor:
        """(b, r, inputs), (b, r, 4) -> (b, dimension), of length 1; `whole` is not used."""
        tokens = self.image_tokens(regions, boxes)
        for block in self.blocks:
            tokens = block(tokens, "image")
        return normalize(self.from_image(summary(tokens)), dim=1)

    def texts(self, tokens, lengths) -> torch.Tensor:
        """(b, longest), (b,) -> (b, dimension), of length 1."""
        tokens, lengths = grouped(self._words, self.text_tokens(tokens), lengths + 1), lengths + 1
        return normalize(self.from_text(summary(tokens, lengths)), dim=1)

    def _words(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        for block in self.blocks:
            tokens = block(tokens, "text", mask)
        return tokens

    def scale(self) -> torch.Tensor:
        """The inverse temperature, a scalar."""
        return self.log_scale.exp().clamp(max=LARGEST_SCALE)


class BEiT3(PretrainedModel):
    """The model `beit3`."""

    card = ModelCard(
        name="beit3",
        title="BEiT-3",
        granularity="FG",
        approach="Dual",
        query_time_attention="None",
        dimension="{p.dimension}D",
        image_features="regions",
        text_features="words",
        dtype="f32",
        reference="Wang et al. 2023",
        needs=("regions",),
        pretrained=True,
    )

    def build(self, train: FeatureSplit) -> nn.Module:
        """The encoder for the sizes of `train`."""
        return MultiwayEncoder(train, self.parameters)

    def loss(self, batch: Batch) -> torch.Tensor:
        """InfoNCE of the batch's scaled cosines."""
        images = self.network.images(batch.regions, batch.boxes, batch.whole)
        texts = self.network.texts(batch.tokens, batch.lengths)
        return info_nce(self.network.scale() * images @ texts.T)

    def score(self, images: torch.Tensor, texts: torch.Tensor, val: FeatureSplit) -> float:
        """The sum of recalls on the validation split."""
        return recall_sum(images, texts, image_rows(val, images.device))

    def pack(self, images: np.ndarray, texts: np.ndarray, **about) -> Embeddings:
        """Embeddings compared by cosine."""
        return Embeddings(images=images, texts=texts, measure="cosine", **about)
