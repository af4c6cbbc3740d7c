"""ViLT: one transformer over the words and the regions together, run for every pair.

After Kim et al. 2021, "ViLT: Vision-and-Language Transformer Without Convolution or Region
Supervision": word and image tokens, each with a vector for its modality, pass one transformer side
by side (Section 3.1), and a head on the [CLS] token tells how well they match. It is trained as
they train it for retrieval (Section 4.4), a pair's score against those of other texts with the
same image, 16 in all, by cross-entropy; and by the alignment of words and image parts, which they
pre-train with (Section 3.2). Both terms are InfoNCE, one of the alignments a(i, t) of all b images
and texts of a batch, one of the scores s(i, t) within groups of 16:

    L = InfoNCE(scale a) + 1/b sum over the groups g of |g| InfoNCE(s_g)
    a(i, t) = mean over the words w of 1/10 log sum over the regions r of exp(10 cos(q_w, k_r))

where q and k are the queries and keys of the first block: words learn which regions to look at.
From a few thousand pairs the scores alone do not teach it; without a the model hardly learns.
What differs here:
- images are regions of a detector instead of patches, each read by two layers;
- their alignment is an optimal transport between words and patches; this one is the mean over
  words of the best region's similarity (Yao et al. 2021, "FILIP: Fine-grained Interactive
  Language-Image Pre-Training", Section 3.1), softened by a log-sum-exp;
- the 15 negatives are the texts of the other images in a group, which serve the direction text to
  image as well; a group has images that align with each other's texts, as ALBEF draws hard
  negatives by its contrast (Li et al. 2021, "Align before Fuse", Section 3.2); theirs are random;
- pre-training has the same loss, and there is no masked language modelling;
- the network is much smaller than the other models', because it runs for every pair: two blocks,
  of which the second computes the [CLS] token only, the one that is read, and the first has
  narrow feed-forward layers. A convolution over five words, once per text, stands in for the ten
  blocks that are missing, in which a word meets its neighbours ("red" its "circle").

What does not depend on the other side is computed once per image and per text: the first block's
queries, keys and values. This changes nothing in the result.
"""

import math

import torch
from torch import nn
from torch.nn.functional import normalize

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.card import ModelCard
from fico_lib.models.base.losses import info_nce
from fico_lib.models.base.pairs import PairModel
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.training import Batch
from fico_lib.models.base.vlp import PretrainedModel
from fico_lib.models.layers.regions import RegionLayers
from fico_lib.models.layers.transformer import FIRST_SPREAD, Block, TextTokens, readable

HEADS = 2
GROUP = 16  # images that are scored with each other's texts in training
HIDDEN = 4  # hidden units per unit of width of the layers on regions, which run once per image
NEIGHBOURS = 2  # words on either side that the convolution sees
SHARPNESS = 10.0  # of the log-sum-exp over regions: the larger, the nearer to the maximum
FIRST_SCALE, LARGEST_SCALE = 5.0, 100.0  # of the alignments: the inverse temperature


class ViLTNetwork(nn.Module):
    """Scores of pairs; an item's vectors are its tokens beside their queries, keys and values."""

    def __init__(self, train: FeatureSplit, parameters: TrainingParameters):
        super().__init__()
        width, dropout = parameters.width, parameters.dropout
        self.width = width
        longest = train.tokens.shape[1]
        self.regions = RegionLayers(train.regions.shape[2], HIDDEN * width, width, dropout)
        self.text_tokens = TextTokens(train.vocabulary_size, longest, width, dropout)
        self.context = nn.Conv1d(width, width, 2 * NEIGHBOURS + 1, padding=NEIGHBOURS)
        self.modality = nn.Parameter(FIRST_SPREAD * torch.randn(2, width))
        self.first = Block(width, HEADS, expansion=1)
        self.last = Block(width, HEADS)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 1))
        self.log_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE)))

    def _item(self, tokens: torch.Tensor) -> torch.Tensor:
        """(b, t, width) -> (b, t, 4 * width): token, query, key, value."""
        normed, attention = self.first.norm(tokens), self.first.attention
        return torch.cat([tokens, attention.query(normed), attention.key_value(normed)], 2)

    def images(self, regions, boxes, whole) -> tuple[torch.Tensor, torch.Tensor]:
        """Vectors (b, r, 4 * width) and how many they are (b,)."""
        tokens = self.regions(regions, boxes) + self.modality[0]
        lengths = torch.full((len(tokens),), tokens.shape[1], device=tokens.device)
        return self._item(tokens), lengths

    def texts(self, tokens, lengths) -> tuple[torch.Tensor, torch.Tensor]:
        """Vectors (b, 1 + l, 4 * width), [CLS] first, and how many of each count (b,)."""
        first, words = self.text_tokens(tokens).split([1, tokens.shape[1]], 1)
        words = words * readable(words, lengths)[..., None]  # padding is no neighbour
        words = words + self.context(words.transpose(1, 2)).transpose(1, 2)
        return self._item(torch.cat([first, words], 1) + self.modality[1]), lengths + 1

    def alignments(self, images, texts) -> torch.Tensor:
        """How well words find regions (see the module's text): (a, b), as `pairs` takes them."""
        (v, _), (w, lengths) = images, texts
        query = normalize(w[:, 1:].split(self.width, 2)[1], dim=2)
        key = normalize(v.split(self.width, 2)[2], dim=2)
        words = readable(query, lengths - 1)
        cosines = (query[words] @ key.flatten(0, 1).T).unflatten(1, key.shape[:2])
        found = (SHARPNESS * cosines).logsumexp(2) / SHARPNESS  # (words, a)
        text_of_word = words.nonzero()[:, 0]
        total = found.new_zeros(len(w), len(v)).index_add(0, text_of_word, found)
        return (total / (lengths - 1).clamp(min=1)[:, None]).T

    def scale(self) -> torch.Tensor:
        """The inverse temperature of the alignments, a scalar."""
        return self.log_scale.exp().clamp(max=LARGEST_SCALE)

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


def hard_groups(similarity: torch.Tensor, size: int) -> list[torch.Tensor]:
    """Rows of (b, b) in groups of `size`: the first row that is left, and those most like it.

    Two rows are alike by the similarity of one's image with the other's text, in both directions.
    """
    alike, groups = similarity + similarity.T, []
    left = torch.arange(len(alike), device=alike.device)
    while len(left):
        near = alike[left[0], left]
        near[0] = torch.inf
        order = near.argsort(descending=True)
        groups.append(left[order[:size]])
        left = left[order[size:].sort().values]
    return groups


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
        """The alignments of the batch, and each pair against the others of its group."""
        network = self.network
        images, n_images = network.images(batch.regions, batch.boxes, batch.whole)
        texts, n_texts = network.texts(batch.tokens, batch.lengths)
        aligned = network.alignments((images, n_images), (texts, n_texts))
        losses = []
        for rows in hard_groups(aligned.detach(), GROUP):
            longest = int(n_texts[rows].max())
            scores = network.pairs(
                (images[rows], n_images[rows]), (texts[rows, :longest], n_texts[rows])
            )
            losses.append(info_nce(scores) * len(rows))
        return info_nce(network.scale() * aligned) + torch.stack(losses).sum() / len(aligned)

    def bytes_per_pair(self, n_image_vectors: int, n_text_vectors: int) -> int:
        """The joint tokens, their copies in the blocks, and the attention weights."""
        n = n_image_vectors + n_text_vectors
        return 4 * n * (8 * self.parameters.width + 2 * HEADS * n)
