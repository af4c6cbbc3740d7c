"""BEiT-3: a dual encoder whose two transformers share their self-attention.

After Wang et al. 2023, "Image as a Foreign Language: BEiT Pretraining for Vision and
Vision-Language Tasks": in a multiway transformer each block has one self-attention for both
modalities, and one feed-forward expert per modality (Section 2.1); for retrieval, images and texts
are encoded apart and compared by cosine, trained with InfoNCE (Section 3.1.3). What differs here:
- images are regions of a detector instead of patches, and there are two blocks instead of twelve;
- pre-training is contrastive alone: the masked modelling of images, texts and pairs, which is their
  whole pre-training, is left out;
- a block's vision-language expert, which reads pairs, is left out: retrieval does not use it;
- a sequence is read by its [CLS] token and the mean of the others.
"""

from typing import ClassVar

import torch
from torch import nn
from torch.nn.functional import normalize

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.card import ModelCard
from fico_lib.models.base.embedding import EmbeddingModel
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.layers.regions import region_size
from fico_lib.models.layers.scale import Scale
from fico_lib.models.layers.transformer import (
    Attention,
    ImageTokens,
    TextTokens,
    feed_forward,
    grouped,
    summary,
)

BLOCKS, HEADS = 2, 2
FIRST_SCALE = 15.0
PRETRAINING = (
    "differs: AdamW to a plateau, on further pairs by contrast alone and then on the train split"
)


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
        self.image_tokens = ImageTokens(region_size(train), width, dropout)
        longest = train.tokens.shape[1]
        self.text_tokens = TextTokens(train.vocabulary_size, longest, width, dropout)
        self.blocks = nn.ModuleList([MultiwayBlock(width) for _ in range(BLOCKS)])
        self.from_image = nn.Linear(2 * width, parameters.dimension)
        self.from_text = nn.Linear(2 * width, parameters.dimension)
        self.scale = Scale(FIRST_SCALE)

    def images(self, regions, boxes, whole) -> torch.Tensor:
        """(b, r, d), (b, r, 4) or None -> (b, dimension), of length 1; `whole` is not used."""
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


class BEiT3(EmbeddingModel):
    """The model `beit3`."""

    network_class = MultiwayEncoder
    # A transformer costs more than a GRU, and learns at lower rates (on the validation split).
    shares: ClassVar = {"width": 1 / 2, "learning_rate": 1 / 2}
    card = ModelCard(
        name="beit3",
        title="BEiT-3",
        reference="Wang et al. 2023",
        pretrained=True,
        positions=True,
        objective="as published for retrieval; without the masked modelling of pre-training",
        architecture="differs: detector regions for patches, 2 blocks instead of 12, narrower",
        training=PRETRAINING,
        selection="differs: recall on the validation split instead of a fixed number of epochs",
    )
