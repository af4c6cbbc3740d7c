"""SCAN: stacked cross-attention between the regions of an image and the words of a text.

After Lee et al. 2018, "Stacked Cross Attention for Image-Text Matching" (ECCV), Section 3.1. With
unit vectors v_r of the regions and w_l of the words, and S_rl = v_r . w_l, text to image (t2i) is

    A_rl = LeakyReLU(S_rl) / |LeakyReLU(S_r.)|     the norm is over the words (slope 0.1)
    a_rl = softmax over r of (9 A_rl)              where word l looks
    c_l  = sum over r of a_rl v_r                  what it sees
    t2i  = mean over l of cos(w_l, c_l)

and image to text (i2t) the same with the roles exchanged. The score of a pair is the mean of both.

The Gram form computes this without the vectors c_l, of which there would be one per image, text and
word: w_l . c_l = sum_r a_rl S_rl and |c_l|^2 = a_l' (V V') a_l. The softmax's denominator cancels
in the cosine, and vectors of padding are 0, so they change neither of the two.

Trained with InfoNCE over all pairs of the batch, with a learned temperature, as `vse` is: the
paper's hinge on the hardest negative learns much more slowly in models as briefly trained as these.
What differs besides: one network scores in both directions (the paper averages two networks),
regions pass two layers, and everything is narrower.
"""

import math

import torch
from torch import nn
from torch.nn.functional import leaky_relu, normalize

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.card import ModelCard
from fico_lib.models.base.losses import info_nce
from fico_lib.models.base.pairs import PairModel
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.training import Batch
from fico_lib.models.layers.text_encoder import GRUEncoder

SHARPNESS = 9.0  # lambda_1 of the paper
SLOPE = 0.1
FIRST_SCALE, LARGEST_SCALE = 20.0, 100.0  # of the scores: the inverse temperature
EPSILON = 1e-8

Padded = tuple[torch.Tensor, torch.Tensor]


def attention(similarity: torch.Tensor) -> torch.Tensor:
    """Where the queries' vectors look: weights of the contexts' vectors, not yet divided by their
    sum.

    similarity: (n, c, m, q), of the c vectors of n contexts and the q vectors of m queries.
    """
    kept = leaky_relu(similarity, SLOPE)
    return (kept * (SHARPNESS / kept.norm(dim=3, keepdim=True).clamp(min=EPSILON))).exp()


def relevance(weight: torch.Tensor, similarity: torch.Tensor, gram: torch.Tensor) -> torch.Tensor:
    """cos(w, c) of the queries' vectors w and what they see of each context, c: (n, m, q).

    weight: (n, c, m, q) as `attention` gives it; similarity: (n, c, m, q) of w, of length 1, and
    the contexts' vectors; gram: (n, c, c), inner products of the contexts' vectors.
    """
    product = (weight * similarity).sum(1)
    squared = (weight * (gram @ weight.flatten(2)).view_as(weight)).sum(1)
    return product / squared.clamp(min=EPSILON).sqrt()


def mask(longest: int, lengths: torch.Tensor) -> torch.Tensor:
    """True at the places before each length, False at padding: (...,) -> (..., longest)."""
    return torch.arange(longest, device=lengths.device) < lengths[..., None]


def mean_of(values: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Means over the last axis of (..., m, q), without padding; lengths: (m,) -> (..., m)."""
    return (values * mask(values.shape[-1], lengths)).sum(-1) / lengths


def gram(vectors: torch.Tensor) -> torch.Tensor:
    """Inner products within each item: (n, k, d) -> (n, k, k)."""
    return vectors @ vectors.transpose(1, 2)


class CrossEncoder(nn.Module):
    """Unit vectors of regions and of words, and the scores of pairs."""

    def __init__(self, inputs: int, vocabulary_size: int, width: int, dropout: float):
        super().__init__()
        self.regions = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(inputs + 4, width), nn.ReLU(), nn.Linear(width, width)
        )
        self.words = GRUEncoder(vocabulary_size, width, dropout)
        self.log_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE)))

    def images(self, regions, boxes, whole) -> Padded:
        """(b, r, inputs), (b, r, 4) -> (b, r, width), (b,); `whole` is not used."""
        vectors = self.regions(torch.cat([regions, 2 * boxes - 1], 2))
        lengths = torch.full((len(vectors),), vectors.shape[1], device=vectors.device)
        return normalize(vectors, dim=2), lengths

    def texts(self, tokens, lengths) -> Padded:
        """(b, longest), (b,) -> (b, longest, width), 0 at padding, and (b,)."""
        words = normalize(self.words(tokens, lengths), dim=2)
        return words * mask(tokens.shape[1], lengths)[..., None], lengths

    def pairs(self, images: Padded, texts: Padded) -> torch.Tensor:
        """Scores (a, b) of all pairs of a images and b texts."""
        (v, v_lengths), (w, w_lengths) = images, texts
        flat = v.flatten(0, 1) @ w.flatten(0, 1).T
        t2i = flat.view(*v.shape[:2], *w.shape[:2])
        i2t = flat.T.contiguous().view(*w.shape[:2], *v.shape[:2])
        words = mean_of(relevance(attention(t2i), t2i, gram(v)), w_lengths)
        regions = mean_of(relevance(attention(i2t), i2t, gram(w)), v_lengths)
        return (words + regions.T) / 2

    def scale(self) -> torch.Tensor:
        """The inverse temperature, a scalar."""
        return self.log_scale.exp().clamp(max=LARGEST_SCALE)


class SCAN(PairModel):
    """The model `scan`."""

    card = ModelCard(
        name="scan",
        title="SCAN",
        granularity="FG",
        approach="Local+Global",
        query_time_attention="Cross-Attn",
        dimension="{p.width}D per region and word",
        image_features="regions",
        text_features="words",
        dtype="f32",
        reference="Lee et al. 2018",
        needs=("regions",),
    )

    @classmethod
    def adjusted(cls, parameters: TrainingParameters) -> TrainingParameters:
        """Batches of half the size and three quarters of the width, since every pair costs.

        The learning rate is two and a half times as high: the attention starts slowly.
        """
        return parameters.model_copy(
            update={
                "batch_size": max(2, parameters.batch_size // 2),
                "width": max(8, parameters.width * 3 // 4),
                "learning_rate": min(1.0, 2.5 * parameters.learning_rate),
            }
        )

    def build(self, train: FeatureSplit) -> nn.Module:
        """The cross-encoder for the sizes of `train`."""
        sizes = train.regions.shape[2], train.vocabulary_size
        return CrossEncoder(*sizes, self.parameters.width, self.parameters.dropout)

    def loss(self, batch: Batch) -> torch.Tensor:
        """InfoNCE of the batch's scaled scores."""
        images = self.network.images(batch.regions, batch.boxes, batch.whole)
        texts = self.network.texts(batch.tokens, batch.lengths)
        return info_nce(self.network.scale() * self.network.pairs(images, texts))
