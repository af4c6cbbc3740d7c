"""ViLT: one transformer over the words and the regions together, run for every pair.

After Kim et al. 2021, "ViLT: Vision-and-Language Transformer Without Convolution or Region
Supervision": word and image tokens, each with a vector for its modality, pass one transformer side
by side (Section 3.1), and a head on the [CLS] token tells how well they match. It is trained as
they train it for retrieval (Section 4.4): a pair's score against those of other texts with the
same image, 16 in all, by cross-entropy. What differs here:
- images are regions of a detector instead of patches;
- the 15 negatives are the texts of the other images in a group of 16, which serve the direction
  text to image as well, so the loss is the mean of both;
- pre-training has the same loss, without masked language modelling and word-patch alignment;
- the network is much smaller than the other models', because it runs for every pair: two blocks,
  of which the second computes the [CLS] token only, the one that is read, and the first has
  narrow feed-forward layers.

What does not depend on the other side is computed once per image and per text: the first block's
queries, keys and values. This changes nothing in the result.
"""

import torch
from torch import nn

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.card import ModelCard
from fico_lib.models.losses import info_nce
from fico_lib.models.pairs import PairModel
from fico_lib.models.parameters import TrainingParameters
from fico_lib.models.training import Batch
from fico_lib.models.transformer import FIRST_SPREAD, Block, TextTokens
from fico_lib.models.vlp import PretrainedModel

HEADS = 2
GROUP = 16  # images that are scored with each other's texts in training


class ViLTNetwork(nn.Module):
    """Scores of pairs; an item's vectors are its tokens beside their queries, keys and values."""

    def __init__(self, train: FeatureSplit, parameters: TrainingParameters):
        super().__init__()
        width, dropout = parameters.width, parameters.dropout
        self.width = width
        longest = train.tokens.shape[1]
        self.regions = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(train.regions.shape[2] + 4, width)
        )
        self.text_tokens = TextTokens(train.vocabulary_size, longest, width, dropout)
        self.modality = nn.Parameter(FIRST_SPREAD * torch.randn(2, width))
        self.first = Block(width, HEADS, expansion=1)
        self.last = Block(width, HEADS)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 1))

    def _item(self, tokens: torch.Tensor) -> torch.Tensor:
        """(b, t, width) -> (b, t, 4 * width): token, query, key, value."""
        normed, attention = self.first.norm(tokens), self.first.attention
        return torch.cat([tokens, attention.query(normed), attention.key_value(normed)], 2)

    def images(self, regions, boxes, whole) -> tuple[torch.Tensor, torch.Tensor]:
        """Vectors (b, r, 4 * width) and how many they are (b,)."""
        tokens = self.regions(torch.cat([regions, 2 * boxes - 1], 2)) + self.modality[0]
        lengths = torch.full((len(tokens),), tokens.shape[1], device=tokens.device)
        return self._item(tokens), lengths

    def texts(self, tokens, lengths) -> tuple[torch.Tensor, torch.Tensor]:
        """Vectors (b, 1 + l, 4 * width), [CLS] first, and how many of each count (b,)."""
        return self._item(self.text_tokens(tokens) + self.modality[1]), lengths + 1

    def pairs(self, images, texts) -> torch.Tensor:
        """Scores (a, b) of images (a, r, 4 * width) with texts (b, l, 4 * width) and lengths."""
        (v, _), (w, lengths) = images, texts
        a, b = len(v), len(w)
        # [CLS] and words first, then the image.
        both = torch.cat(
            [w[None].expand(a, -1, -1, -1), v[:, None].expand(-1, b, -1, -1)], 2
        ).flatten(0, 1)
        tokens, query, key, value = both.split(self.width, 2)
        mask = self._mask(a, v.shape[1], w.shape[1], lengths)
        tokens = self.first.rest(tokens + self.first.attention.mix(query, key, value, mask))
        return self.head(self.last.first(tokens, mask))[:, 0, 0].unflatten(0, (a, b))

    @staticmethod
    def _mask(n_images: int, n_regions: int, longest: int, lengths) -> torch.Tensor | None:
        """Which tokens of the pairs count, (pairs, tokens) bool, or None where all do."""
        there = torch.arange(longest, device=lengths.device) < lengths[:, None]
        if there.all():  # texts of one length stand together when all pairs are scored
            return None
        there = torch.cat([there, there.new_ones(len(there), n_regions)], 1)
        return there[None].expand(n_images, -1, -1).flatten(0, 1)


class ViLT(PretrainedModel, PairModel):
    """The model `vilt`."""

    card = ModelCard(
        name="vilt",
        title="ViLT",
        granularity="FG",
        approach="Fusion",
        query_time_attention="Full Fusion",
        dimension="n/a",
        image_features="regions",
        text_features="words",
        dtype="f32",
        reference="Kim et al. 2021",
        needs=("regions",),
        pretrained=True,
    )

    width, epochs, learning_rate = 1 / 4, 8 / 15, 1.0

    def build(self, train: FeatureSplit) -> nn.Module:
        """The transformer for the sizes of `train`."""
        return ViLTNetwork(train, self.parameters)

    def loss(self, batch: Batch) -> torch.Tensor:
        """Each pair against the other texts, and the other images, of its group."""
        network, n = self.network, len(batch.rows)
        (images, n_images), (texts, n_texts) = (
            network.images(batch.regions, batch.boxes, batch.whole),
            network.texts(batch.tokens, batch.lengths),
        )
        groups = torch.arange(n, device=images.device).split(GROUP)
        losses = []
        for rows in groups:
            longest = int(n_texts[rows].max())
            scores = network.pairs(
                (images[rows], n_images[rows]), (texts[rows, :longest], n_texts[rows])
            )
            losses.append(info_nce(scores) * len(rows))
        return torch.stack(losses).sum() / n

    def bytes_per_pair(self, n_image_vectors: int, n_text_vectors: int) -> int:
        """The joint tokens, their copies in the blocks, and the attention weights."""
        n = n_image_vectors + n_text_vectors
        return 4 * n * (8 * self.parameters.width + 2 * HEADS * n)
