"""SCAN: stacked cross-attention between the regions of an image and the words of a text.

After Lee et al. 2018, "Stacked Cross Attention for Image-Text Matching" (ECCV), Section 3.1. With
unit vectors v_r of the regions and w_l of the words, and S_rl = v_r . w_l, text to image (t2i) is

    A_rl = LeakyReLU(S_rl) / |LeakyReLU(S_r.)|     the norm is over the words (slope 0.1)
    a_rl = softmax over r of (9 A_rl)              where word l looks
    c_l  = sum over r of a_rl v_r                  what it sees
    t2i  = mean over l of cos(w_l, c_l)

and image to text (i2t) the same with the roles exchanged and 4 in place of 9, as in the released
arguments. The score of a pair is the mean of both.

The Gram form computes this without the vectors c_l, of which there would be one per image, text and
word: w_l . c_l = sum_r a_rl S_rl and |c_l|^2 = a_l' (V V') a_l. The softmax's denominator cancels
in the cosine, and vectors of padding are 0, so they change neither of the two.

By default trained with InfoNCE over all pairs of the batch, with a learned temperature, as `vse`
is; the published hinge on the hardest negative is the choice `training.objective: hinge`. What
differs besides: one network scores in both directions (the paper averages two networks), regions
may have boxes and pass two layers, and everything is narrower.
"""

from typing import ClassVar

import torch
from torch import nn
from torch.nn.functional import leaky_relu, normalize

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.card import ModelCard
from fico_lib.models.base.losses import match_loss
from fico_lib.models.base.pairs import PairModel
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.training import Batch
from fico_lib.models.layers.padding import all_of, inside
from fico_lib.models.layers.regions import RegionLayers, region_size
from fico_lib.models.layers.scale import Scale
from fico_lib.models.layers.text_encoder import GRUEncoder
from fico_lib.models.vse import HINGE_OR_INFONCE

SHARPNESS, SHARPNESS_I2T = 9.0, 4.0  # lambda_1 of the paper: words look, regions look
SLOPE = 0.1
FIRST_SCALE = 20.0
EPSILON = 1e-8

Padded = tuple[torch.Tensor, torch.Tensor]


def attention(similarity: torch.Tensor, sharpness: float = SHARPNESS) -> torch.Tensor:
    """Where the queries' vectors look: weights of the contexts' vectors, not yet divided by their
    sum.

    similarity: (n, c, m, q), of the c vectors of n contexts and the q vectors of m queries.
    """
    kept = leaky_relu(similarity, SLOPE)
    return (kept * (sharpness / kept.norm(dim=3, keepdim=True).clamp(min=EPSILON))).exp()


def relevance(weight: torch.Tensor, similarity: torch.Tensor, gram: torch.Tensor) -> torch.Tensor:
    """cos(w, c) of the queries' vectors w and what they see of each context, c: (n, m, q).

    weight: (n, c, m, q) as `attention` gives it; similarity: (n, c, m, q) of w, of length 1, and
    the contexts' vectors; gram: (n, c, c), inner products of the contexts' vectors.
    """
    product = (weight * similarity).sum(1)
    squared = (weight * (gram @ weight.flatten(2)).view_as(weight)).sum(1)
    return product / squared.clamp(min=EPSILON).sqrt()


def mean_of(values: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Means over the last axis of (..., m, q), without padding; lengths: (m,) -> (..., m)."""
    return (values * inside(values.shape[-1], lengths)).sum(-1) / lengths


def gram(vectors: torch.Tensor) -> torch.Tensor:
    """Inner products within each item: (n, k, d) -> (n, k, k)."""
    return vectors @ vectors.transpose(1, 2)


class CrossEncoder(nn.Module):
    """Unit vectors of regions and of words, and the scores of pairs."""

    def __init__(self, train: FeatureSplit, parameters: TrainingParameters):
        super().__init__()
        width, dropout = parameters.width, parameters.dropout
        self.regions = RegionLayers(region_size(train), width, dropout)
        self.words = GRUEncoder(train.vocabulary_size, width, dropout)
        self.scale = Scale(FIRST_SCALE)

    def images(self, regions, boxes, whole) -> Padded:
        """(b, r, d), (b, r, 4) or None -> (b, r, width), (b,); `whole` is not used."""
        vectors = normalize(self.regions(regions, boxes), dim=2)
        return vectors, all_of(vectors)

    def texts(self, tokens, lengths) -> Padded:
        """(b, longest), (b,) -> (b, longest, width), 0 at padding, and (b,)."""
        words = normalize(self.words(tokens, lengths), dim=2)
        return words * inside(tokens.shape[1], lengths)[..., None], lengths

    def pairs(self, images: Padded, texts: Padded) -> torch.Tensor:
        """Scores (a, b) of all pairs of a images and b texts."""
        (v, v_lengths), (w, w_lengths) = images, texts
        flat = v.flatten(0, 1) @ w.flatten(0, 1).T
        t2i = flat.view(*v.shape[:2], *w.shape[:2])
        i2t = flat.T.contiguous().view(*w.shape[:2], *v.shape[:2])
        words = mean_of(relevance(attention(t2i), t2i, gram(v)), w_lengths)
        regions = mean_of(relevance(attention(i2t, SHARPNESS_I2T), i2t, gram(w)), v_lengths)
        return (words + regions.T) / 2


class SCAN(PairModel):
    """The model `scan`."""

    network_class = CrossEncoder
    hinge = True
    # Every pair of a batch costs; the attention starts slowly at lower rates (on the validation
    # split).
    shares: ClassVar = {"batch_size": 1 / 2, "width": 3 / 4, "learning_rate": 2.0}
    card = ModelCard(
        name="scan",
        title="SCAN",
        approach="Local+Global",
        query_time_attention="Cross-Attn",
        dimension="{p.width}D per region and word",
        reference="Lee et al. 2018",
        objective=HINGE_OR_INFONCE,
        architecture="differs: one network scores both directions instead of two averaged, regions "
        "pass two layers, narrower",
    )

    def loss(self, batch: Batch) -> torch.Tensor:
        """InfoNCE of the batch's scaled scores, or the hinge of the scores."""
        images = self.network.images(batch.regions, batch.boxes, batch.whole)
        texts = self.network.texts(batch.tokens, batch.lengths)
        scores = self.network.pairs(images, texts)
        return match_loss(self.parameters.objective, scores, self.network.scale)
