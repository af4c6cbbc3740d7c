"""ViLT: one transformer over the words and the regions together, run for every pair.

After Kim et al. 2021, "ViLT: Vision-and-Language Transformer Without Convolution or Region
Supervision": word and image tokens, each with a vector for its modality, pass one transformer side
by side (Section 3.1), and a head on the [CLS] token tells how well they match. For retrieval it is
trained by binary matching and by the rank of the own text among 15 sampled false ones (Section 4.4;
the released `task_finetune_irtr`, weights 1 and 0.5). With logits s(i, t), an image i, its own text
and a false text f drawn among the others of the batch:

    L = 1/b sum over i of  - log( e^s(i,i) / sum over the 16 texts t of e^s(i,t) )
        + 0.5 BCE(s(i,i), 1; s(i,f), 0)

No loss compares an image with all texts of a batch: the limited set of negatives is what FiCo-ITR
(Section 5.2) gives as a reason of ViLT's low recall. `vilt_itc` adds such a loss. Pre-training, on
the split `extra`, has the binary matching alone. What differs here:
- images are regions of a detector instead of patches, each read by two layers;
- one head gives both logits: theirs are two, of which the one of ranking starts as the other;
- the false texts are those of the other 15 images of a random group, not of the whole data;
- masked language modelling and the alignment of words and patches by optimal transport, which
  belong to their matching loss, are left out;
- the network is much smaller than the other models', because it runs for every pair: two blocks,
  of which the second computes the [CLS] token only, the one that is read, and the first has
  narrow feed-forward layers. A convolution over five words, once per text, stands in for the ten
  blocks that are missing, in which a word meets its neighbours ("red" its "circle").

What does not depend on the other side is computed once per image and per text: the first block's
queries, keys and values. This changes nothing in the result.
"""

from typing import ClassVar

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.card import ModelCard
from fico_lib.models.base.pairs import PairModel
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.training import Batch
from fico_lib.models.layers.padding import all_of, inside
from fico_lib.models.layers.regions import RegionLayers, region_size
from fico_lib.models.layers.transformer import FIRST_SPREAD, Block, TextTokens

HEADS = 2
GROUP = 16  # texts that an image is scored with in training: its own and 15 false ones
MATCHING = 0.5  # weight of binary matching beside the rank
HIDDEN = 4  # hidden units per unit of width of the layers on regions, which run once per image
NEIGHBOURS = 2  # words on either side that the convolution sees


class ViLTNetwork(nn.Module):
    """Scores of pairs; an item's vectors are its tokens beside their queries, keys and values."""

    def __init__(self, train: FeatureSplit, parameters: TrainingParameters):
        super().__init__()
        width, dropout = parameters.width, parameters.dropout
        self.width = width
        longest = train.tokens.shape[1]
        self.regions = RegionLayers(region_size(train), width, dropout, HIDDEN * width)
        self.text_tokens = TextTokens(train.vocabulary_size, longest, width, dropout)
        self.context = nn.Conv1d(width, width, 2 * NEIGHBOURS + 1, padding=NEIGHBOURS)
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
        tokens = self.regions(regions, boxes) + self.modality[0]
        return self._item(tokens), all_of(tokens)

    def texts(self, tokens, lengths) -> tuple[torch.Tensor, torch.Tensor]:
        """Vectors (b, 1 + l, 4 * width), [CLS] first, and how many of each count (b,)."""
        first, words = self.text_tokens(tokens).split([1, tokens.shape[1]], 1)
        words = words * inside(words.shape[1], lengths)[..., None]  # padding is no neighbour
        words = words + self.context(words.transpose(1, 2)).transpose(1, 2)
        return self._item(torch.cat([first, words], 1) + self.modality[1]), lengths + 1

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
        counted = inside(longest, lengths)
        if counted.all():  # texts of one length stand together when all pairs are scored
            return None
        counted = torch.cat([counted, counted.new_ones(len(counted), n_regions)], 1)
        return counted[None].expand(n_images, -1, -1).flatten(0, 1)


def group_loss(scores: torch.Tensor, ranks: bool) -> torch.Tensor:
    """The loss of a group (see the module's text), a sum over its g images.

    scores: (g, g) logits, rows images, columns texts, matching pairs on the diagonal, g at least 2;
    ranks: whether the rank among the texts counts, or binary matching alone.
    """
    own = torch.arange(len(scores), device=scores.device)
    false = scores[own, (own + 1) % len(own)]  # groups are random, and so is the next one's text
    logits = torch.cat([scores.diagonal(), false])
    is_pair = (torch.arange(len(logits), device=scores.device) < len(own)).to(scores.dtype)
    matching = binary_cross_entropy_with_logits(logits, is_pair) * len(own)
    return cross_entropy(scores, own, reduction="sum") + MATCHING * matching if ranks else matching


class ViLT(PairModel):
    """The model `vilt`."""

    network_class = ViLTNetwork
    shares: ClassVar = {"batch_size": 1 / 2, "width": 1 / 4}  # all of it runs for every pair
    card = ModelCard(
        name="vilt",
        title="ViLT",
        approach="Fusion",
        query_time_attention="Full Fusion",
        dimension="n/a",
        reference="Kim et al. 2021",
        pretrained=True,
        positions=True,
        objective="rank among 16 texts and binary matching as published; without masked language "
        "modelling and the alignment of words and patches",
        architecture="differs: detector regions for patches, 2 blocks instead of 12 and a "
        "convolution over the words, narrower",
        training="differs: AdamW to a plateau, on further pairs by matching alone and then on the "
        "train split",
        selection="differs: recall on the validation split instead of a fixed number of epochs",
    )

    def loss(self, batch: Batch) -> torch.Tensor:
        """Rank and binary matching within random groups of 16 pairs."""
        images = self.network.images(batch.regions, batch.boxes, batch.whole)
        texts = self.network.texts(batch.tokens, batch.lengths)
        return self.of_pairs(images, texts)

    def of_pairs(self, images, texts) -> torch.Tensor:
        """The loss of encoded images and texts; batches come in random order, so groups are rows
        that follow each other."""
        (v, n_regions), (w, n_words) = images, texts
        losses, b = [], len(v)
        for rows in torch.arange(b, device=v.device).tensor_split(max(1, b // GROUP)):
            longest = int(n_words[rows].max())
            scores = self.network.pairs(
                (v[rows], n_regions[rows]), (w[rows, :longest], n_words[rows])
            )
            losses.append(group_loss(scores, ranks=not self.pretrains))
        return torch.stack(losses).sum() / b

    def bytes_per_pair(self, n_image_vectors: int, n_text_vectors: int) -> int:
        """The joint tokens, their copies in the blocks, and the attention weights."""
        n = n_image_vectors + n_text_vectors
        return 4 * n * (8 * self.parameters.width + 2 * HEADS * n)
