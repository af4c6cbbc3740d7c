"""BLIP-2: a dual encoder whose best candidates are reranked, both by one querying transformer.

After Li et al. 2023, "BLIP-2: Bootstrapping Language-Image Pre-training with Frozen Image Encoders
and Large Language Models", Section 3.2: a few learned query tokens read the frozen features of an
image by cross-attention. They share the self-attention with the text's tokens and have feed-forward
layers of their own.
- Contrast (ITC): queries and text do not see each other; the similarity of an image and a text is
  the largest cosine of a query's vector with the text's.
- Matching (ITM): queries and text see each other; each query gives a logit, and they are averaged.
Both losses as in `fico_lib.models.base.rerank`; the reranked candidates are ordered by ITM's logit
plus ITC's cosine, as LAVIS does. What differs here:
- the image encoder is the detector behind the region features, and stays frozen; LAVIS fine-tunes
  its ViT for retrieval;
- there is one block instead of twelve, and 4 queries instead of 32: theirs start from BERT, and
  from a few thousand pairs alone a second block learned less (on the validation split);
- the text's tokens are the states of a GRU, for the same reason, and the text's vector is of their
  mean and maximum after the block instead of a [CLS] token;
- the third loss, the generation of the text (ITG), is left out, and so are the momentum encoder
  with its soft targets and queue, and the second stage with a language model; pre-training is by
  contrast alone.
`blip2_nf` is the same trained model without the reranking (FiCo-ITR's BLIP-2_NF). Because of the
maximum over queries it hands over `Scores`: an image has several vectors, and no single vector has
the same similarities.
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
from fico_lib.models.layers.padding import all_of, inside, pool
from fico_lib.models.layers.regions import RegionLayers, region_size
from fico_lib.models.layers.scale import Scale
from fico_lib.models.layers.text_encoder import GRUEncoder
from fico_lib.models.layers.transformer import (
    FIRST_SPREAD,
    Attention,
    feed_forward,
    grouped,
)

HEADS, QUERIES = 2, 4
FIRST_SCALE = 15.0


class QFormerBlock(nn.Module):
    """Shared self-attention; queries then read the image; feed-forward layers of each kind."""

    def __init__(self, width: int):
        super().__init__()
        self.norm, self.attention = nn.LayerNorm(width), Attention(width, HEADS)
        self.cross_norm, self.cross = nn.LayerNorm(width), Attention(width, HEADS)
        self.for_queries, self.for_text = feed_forward(width), feed_forward(width)

    def forward(self, queries, image) -> torch.Tensor:
        """Queries alone: (b, q, width), image (b, r, width) -> (b, q, width)."""
        normed = self.norm(queries)
        return self._look(queries + self.attention(normed, normed), image)

    def _look(self, queries, image) -> torch.Tensor:
        queries = queries + self.cross(self.cross_norm(queries), image)
        return queries + self.for_queries(queries)

    def read(self, text, mask) -> torch.Tensor:
        """Text alone: (b, l, width), mask (b, l) bool -> (b, l, width)."""
        normed = self.norm(text)
        text = text + self.attention(normed, normed, mask)
        return text + self.for_text(text)

    def together(self, queries, text, mask, image) -> torch.Tensor:
        """Queries that see themselves and the text, before they read the image; (b, q, width)."""
        both = self.norm(torch.cat([queries, text], 1))
        n_queries = queries.shape[1]
        seen = torch.cat([mask.new_ones(len(mask), n_queries), mask], 1)
        return self._look(queries + self.attention(both[:, :n_queries], both, seen), image)


class QFormer(nn.Module):
    """The querying transformer (see `fico_lib.models.base.rerank.RerankModel` for the methods)."""

    def __init__(self, train: FeatureSplit, parameters: TrainingParameters):
        super().__init__()
        width, dropout = parameters.width, parameters.dropout
        self.regions = RegionLayers(region_size(train), width, dropout)
        self.region_norm = nn.LayerNorm(width)  # without it the queries learn far less
        self.words = GRUEncoder(train.vocabulary_size, width, dropout)
        self.queries = nn.Parameter(FIRST_SPREAD * torch.randn(QUERIES, width))
        self.block = QFormerBlock(width)
        self.from_image = nn.Linear(width, parameters.dimension)
        self.from_text = nn.Linear(2 * width, parameters.dimension)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 1))
        self.scale = Scale(FIRST_SCALE)

    def images(self, regions, boxes, whole) -> tuple[torch.Tensor, torch.Tensor]:
        """Region vectors (b, r, width) that queries read, and how many they are (b,)."""
        vectors = self.region_norm(self.regions(regions, boxes))
        return vectors, all_of(vectors)

    def texts(self, tokens, lengths) -> tuple[torch.Tensor, torch.Tensor]:
        """Words (b, l, width) before the block, and how many of each count (b,)."""
        return self.words(tokens, lengths), lengths

    def image_vectors(self, vectors, lengths) -> torch.Tensor:
        """Unit vectors (b, queries, dimension)."""
        queries = self.block(self.queries.expand(len(vectors), -1, -1), vectors)
        return normalize(self.from_image(queries), dim=2)

    def text_vectors(self, words, lengths) -> torch.Tensor:
        """Unit vectors (b, 1, dimension)."""
        read = pool(grouped(self.block.read, words, lengths), lengths)
        return normalize(self.from_text(read), dim=1)[:, None]

    def match(self, images, texts, lengths) -> torch.Tensor:
        """Logits (p,): does the text belong to the image?"""
        queries = self.queries.expand(len(texts), -1, -1)
        queries = self.block.together(queries, texts, inside(texts.shape[1], lengths), images)
        return self.head(queries)[:, :, 0].mean(1)


class BLIP2(RerankModel):
    """The model `blip2`."""

    network_class = QFormer
    adds_cosine = True
    # A transformer costs more than a GRU; at higher rates the queries learn less (on the validation
    # split).
    shares: ClassVar = {"width": 1 / 2, "learning_rate": 1 / 2}
    card = ModelCard(
        name="blip2",
        title="BLIP-2",
        approach="Dual+Fusion",
        query_time_attention="Fusion Rerank",
        dimension=f"{QUERIES} × {{p.dimension}}D per image, {{p.dimension}}D per text",
        reference="Li et al. 2023",
        pretrained=True,
        positions=True,
        objective="ITC and ITM as published; without the generation of text and soft targets",
        architecture="differs: frozen detector regions for a ViT, 1 block instead of 12, 4 queries "
        "instead of 32, a GRU below the text, narrower",
        training=PRETRAINING,
        selection=BOTH_RECALLS,
    )


class BLIP2WithoutFusion(BLIP2):
    """The model `blip2_nf`."""

    card = replace(BLIP2.card, name="blip2_nf", title="BLIP-2 (NF)", query_time_attention="None")
    fusion = False
