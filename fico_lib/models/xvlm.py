"""X-VLM: a dual encoder whose best candidates are reranked by a fusion encoder.

After Zeng et al. 2022, "Multi-Grained Vision Language Pre-Training: Aligning Texts with Visual
Concepts": an image encoder, a text encoder, and a fusion encoder in which the text's tokens read
the image's by cross-attention (Section 3.1); trained by contrast and matching as in
`fico_lib.models.rerank`. What differs here:
- theirs orders the reranked lists by ITM alone; that is weight 0 here, one of those that the
  validation split chooses from, because matching learned from so few pairs ranks worse alone;
- images are regions of a detector instead of patches;
- the alignment is of whole images: there is no loss of single boxes (their "multi-grained"
  alignment and box prediction) and no masked language modelling;
- the fusion encoder is one block, whose self-attention (it sees the text alone) is computed once
  per text; the text's vector is taken after it;
- a sequence is read by its [CLS] token and the mean of the others.
`xvlm_nf` is the same trained model without the reranking (FiCo-ITR's X-VLM_NF).
"""

import math
from dataclasses import replace

import torch
from torch import nn
from torch.nn.functional import normalize

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.card import ModelCard
from fico_lib.models.parameters import TrainingParameters
from fico_lib.models.rerank import RerankModel
from fico_lib.models.transformer import Block, ImageTokens, TextTokens, grouped, summary

BLOCKS, HEADS = 2, 2
FIRST_SCALE, LARGEST_SCALE = 15.0, 100.0  # of the cosines: the inverse temperature


class XVLMNetwork(nn.Module):
    """The three encoders (see `fico_lib.models.rerank.RerankModel` for what the methods are)."""

    def __init__(self, train: FeatureSplit, parameters: TrainingParameters):
        super().__init__()
        width, dropout = parameters.width, parameters.dropout
        longest = train.tokens.shape[1]
        self.image_tokens = ImageTokens(train.regions.shape[2], width, dropout)
        self.text_tokens = TextTokens(train.vocabulary_size, longest, width, dropout)
        self.image_blocks = nn.ModuleList([Block(width, HEADS) for _ in range(BLOCKS)])
        self.text_blocks = nn.ModuleList([Block(width, HEADS) for _ in range(BLOCKS)])
        self.fusion = Block(width, HEADS, cross=True)
        self.from_image = nn.Linear(2 * width, parameters.dimension)
        self.from_text = nn.Linear(2 * width, parameters.dimension)
        self.head = nn.Sequential(nn.LayerNorm(2 * width), nn.Linear(2 * width, 1))
        self.log_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE)))
        self.register_buffer("weight", torch.tensor(0.0))

    def images(self, regions, boxes, whole) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens (b, 1 + r, width) and how many they are (b,)."""
        tokens = self.image_tokens(regions, boxes)
        for block in self.image_blocks:
            tokens = block(tokens)
        return tokens, torch.full((len(tokens),), tokens.shape[1], device=tokens.device)

    def texts(self, tokens, lengths) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens (b, 1 + l, width) and how many of each count (b,)."""
        return grouped(self._words, self.text_tokens(tokens), lengths + 1), lengths + 1

    def _words(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        for block in self.text_blocks:
            tokens = block(tokens, mask)
        # The fusion's self-attention does not depend on the image: once per text will do.
        normed = self.fusion.norm(tokens)
        return tokens + self.fusion.attention(normed, normed, mask)

    def image_vectors(self, tokens, lengths) -> torch.Tensor:
        """Unit vectors (b, 1, dimension)."""
        return normalize(self.from_image(summary(tokens)), dim=1)[:, None]

    def text_vectors(self, tokens, lengths) -> torch.Tensor:
        """Unit vectors (b, 1, dimension)."""
        return normalize(self.from_text(summary(tokens, lengths)), dim=1)[:, None]

    def match(self, images, texts, lengths) -> torch.Tensor:
        """Logits (p,): does the text belong to the image?"""
        return self.head(summary(self.fusion.rest(texts, images), lengths))[:, 0]

    def scale(self) -> torch.Tensor:
        """The inverse temperature, a scalar."""
        return self.log_scale.exp().clamp(max=LARGEST_SCALE)


class XVLM(RerankModel):
    """The model `xvlm`."""

    card = ModelCard(
        name="xvlm",
        title="X-VLM",
        granularity="FG",
        approach="Dual+Fusion",
        query_time_attention="Fusion Rerank",
        dimension="256D",
        image_features="regions",
        text_features="words",
        dtype="f32",
        reference="Zeng et al. 2022",
        needs=("regions",),
        pretrained=True,
    )

    def build(self, train: FeatureSplit) -> nn.Module:
        """The encoders for the sizes of `train`."""
        return XVLMNetwork(train, self.parameters)


class XVLMWithoutFusion(XVLM):
    """The model `xvlm_nf`."""

    card = replace(XVLM.card, name="xvlm_nf", title="X-VLM (NF)", query_time_attention="None")
    fusion = False
