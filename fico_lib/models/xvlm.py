"""X-VLM: a dual encoder whose best candidates are reranked by a fusion encoder.

After Zeng et al. 2022, "Multi-Grained Vision Language Pre-Training: Aligning Texts with Visual
Concepts": an image encoder, a text encoder, and a fusion encoder in which the text's tokens read
the image's by cross-attention (Section 3.1); trained by contrast and matching as in
`fico_lib.models.base.rerank`. What differs here:
- theirs starts from pre-trained encoders, Swin and BERT; from a few thousand pairs alone
  transformers learned far less (on the validation split) than a GRU over the words and two layers
  on each region of a detector, which take their place;
- the alignment is of whole images: their "multi-grained" contrast and matching of objects and
  regions with phrases, their prediction of boxes and masked language modelling are left out, and so
  are the momentum encoder's soft targets; pre-training is by contrast alone;
- the fusion encoder is one block, whose self-attention (it sees the text alone) is computed once
  per text; the text's vector is taken after it;
- a sequence is read by the mean and the maximum of its vectors instead of by a [CLS] token.
The reranked candidates are ordered by ITM alone, as theirs are. `xvlm_nf` is the same trained model
without the reranking (FiCo-ITR's X-VLM_NF).
"""

from dataclasses import replace
from typing import ClassVar

import torch
from torch import nn
from torch.nn.functional import normalize

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.card import ModelCard
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.rerank import BOTH_RECALLS, RerankModel
from fico_lib.models.beit3 import PRETRAINING
from fico_lib.models.layers.padding import all_of, pool
from fico_lib.models.layers.regions import RegionLayers, region_size
from fico_lib.models.layers.scale import Scale
from fico_lib.models.layers.text_encoder import GRUEncoder
from fico_lib.models.layers.transformer import Block, grouped

HEADS = 2
FIRST_SCALE = 15.0


class XVLMNetwork(nn.Module):
    """The three encoders (see `models.base.rerank.RerankModel` for what the methods are)."""

    def __init__(self, train: FeatureSplit, parameters: TrainingParameters):
        super().__init__()
        width, dropout = parameters.width, parameters.dropout
        self.regions = RegionLayers(region_size(train), width, dropout)
        self.words = GRUEncoder(train.vocabulary_size, width, dropout)
        self.fusion = Block(width, HEADS, cross=True)
        self.from_image = nn.Linear(2 * width, parameters.dimension)
        self.from_text = nn.Linear(2 * width, parameters.dimension)
        self.head = nn.Sequential(nn.LayerNorm(2 * width), nn.Linear(2 * width, 1))
        self.scale = Scale(FIRST_SCALE)

    def images(self, regions, boxes, whole) -> tuple[torch.Tensor, torch.Tensor]:
        """Vectors (b, r, width) of the regions and how many they are (b,)."""
        vectors = self.regions(regions, boxes)
        return vectors, all_of(vectors)

    def texts(self, tokens, lengths) -> tuple[torch.Tensor, torch.Tensor]:
        """Vectors (b, l, width) of the words and how many of each count (b,)."""
        return grouped(self._read, self.words(tokens, lengths), lengths), lengths

    def _read(self, words: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        # The fusion's self-attention does not depend on the image: once per text will do.
        normed = self.fusion.norm(words)
        return words + self.fusion.attention(normed, normed, mask)

    def image_vectors(self, vectors, lengths) -> torch.Tensor:
        """Unit vectors (b, 1, dimension)."""
        return normalize(self.from_image(pool(vectors, lengths)), dim=1)[:, None]

    def text_vectors(self, words, lengths) -> torch.Tensor:
        """Unit vectors (b, 1, dimension)."""
        return normalize(self.from_text(pool(words, lengths)), dim=1)[:, None]

    def match(self, images, texts, lengths) -> torch.Tensor:
        """Logits (p,): does the text belong to the image?"""
        return self.head(pool(self.fusion.rest(texts, images), lengths))[:, 0]


class XVLM(RerankModel):
    """The model `xvlm`."""

    network_class = XVLMNetwork
    shares: ClassVar = {"width": 1 / 2}  # a transformer costs more than a GRU
    card = ModelCard(
        name="xvlm",
        title="X-VLM",
        approach="Dual+Fusion",
        query_time_attention="Fusion Rerank",
        reference="Zeng et al. 2022",
        pretrained=True,
        positions=True,
        objective="ITC and ITM of whole images as published; without the alignment of single "
        "regions, the prediction of boxes and masked language modelling",
        architecture="differs: detector regions for Swin, a GRU for BERT, one fusion block for 6, "
        "narrower",
        training=PRETRAINING,
        selection=BOTH_RECALLS,
    )


class XVLMWithoutFusion(XVLM):
    """The model `xvlm_nf`."""

    card = replace(XVLM.card, name="xvlm_nf", title="X-VLM (NF)", query_time_attention="None")
    fusion = False
