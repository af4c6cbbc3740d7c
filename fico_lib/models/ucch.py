"""UCCH: unsupervised contrastive cross-modal hashing, a coarse-grained model with 64-bit codes.

After Hu et al. 2023, "Unsupervised Contrastive Cross-Modal Hashing" (IEEE TPAMI). No labels are
used, only which image and caption belong together. With unit codes z_i of images and z_t of texts,
and a memory bank of one unit code m per train pair:

    loss   = 0.9 (L_c(z_i) + L_c(z_t)) + 0.1 (L_r(z_i, z_t) + L_r(z_t, z_i))
    L_c(z) = -log  exp(z . sign(m_own) / T)  /  sum over own and negatives k of exp(z . sign(m_k)/T)
    L_r    = mean over i != j of exp(c_ij - c_ii)
    m     <- (0.4 m + 0.6 (z_i + z_t) / 2), scaled to length 1, after each step

- L_c contrasts relaxed codes with the binary codes of the memory bank, T = 0.9 sqrt(bits) and 4096
  pairs of the train split drawn as negatives; in the first epoch, while the bank is still random,
  the codes of the batch take its place;
- L_r ranks: S being the cosines of the batch, c_ij = S_ij if S_ij >= S_ii - 0.2, else S_ij - 1. So
  negatives that are far enough hardly count, and neither do many false ones together.

What differs here: two narrow layers instead of three of up to 8192 units; the softmax above in
place of noise-contrastive estimation of it; negatives shared by the pairs of a batch; and the image
features of this study as inputs instead of VGG features.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from fico_lib.encodings import Codes
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.binary import code_recall_sum, pack_signs, sign
from fico_lib.models.base.card import ModelCard
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.training import Batch
from fico_lib.models.base.whole_text import WholeText, WholeTextModel, text_inputs_of

CONTRAST, RANKING = 0.9, 0.1  # alpha and 1 - alpha of the paper
NEGATIVES = 4096  # K
TEMPERATURE = 0.9  # T over the root of the number of bits
MARGIN, SHIFT = 0.2, 1.0
MOMENTUM = 0.4


def contrast(
    codes: torch.Tensor, own: torch.Tensor, others: torch.Tensor, same: torch.Tensor
) -> torch.Tensor:
    """L_c, a scalar: each unit code must find its own binary code among the others.

    codes: (b, bits) of length 1; own: (b, bits) and others: (k, bits) of -1 and 1; same: (b, k)
    bool, where another is the own one and does not count.
    """
    positive = (codes * own).sum(1, keepdim=True)
    negative = (codes @ others.T).masked_fill(same, -torch.inf)
    logits = torch.cat([positive, negative], 1) / (TEMPERATURE * math.sqrt(codes.shape[1]))
    return cross_entropy(logits, torch.zeros(len(codes), dtype=torch.long, device=codes.device))


def ranking(similarity: torch.Tensor) -> torch.Tensor:
    """L_r, a scalar, of the cosines (b, b) of queries in rows; matching pairs on the diagonal."""
    own = similarity.diagonal()[:, None]
    near = similarity >= own - MARGIN
    cost = (torch.where(near, similarity, similarity - SHIFT) - own).exp()
    b = len(similarity)
    return (cost.sum() - cost.diagonal().sum()) / (b * (b - 1))


class MemoryBank:
    """One unit code for each pair of the train split, moving after the codes of its modalities."""

    def __init__(self, n: int, bits: int, device: torch.device):
        self.codes = normalize(torch.randn(n, bits), dim=1).to(device)

    def update(self, rows: torch.Tensor, codes: torch.Tensor, momentum: float) -> None:
        """Move the codes at `rows` (b,) to `codes` (b, bits), but for a share `momentum`."""
        moved = momentum * self.codes[rows] + (1 - momentum) * codes
        self.codes[rows] = normalize(moved, dim=1)

    def draw(self, count: int) -> torch.Tensor:
        """Rows of negatives: `count` random ones, with repetitions, or all where there are fewer.

        Returns (min(count, n),) int64.
        """
        n, device = len(self.codes), self.codes.device
        if count >= n:
            return torch.arange(n, device=device)
        return torch.randint(n, (count,), device=device)


class HashNetwork(nn.Module):
    """Two towers to unit codes: relaxed codes in [-1, 1], scaled to length 1."""

    def __init__(self, train: FeatureSplit, parameters: TrainingParameters):
        super().__init__()
        wide, dropout = 4 * parameters.width, parameters.dropout
        self.image = nn.Sequential(nn.Dropout(dropout), nn.Linear(train.whole.shape[1], wide))
        self.text = WholeText(train, wide)
        self.image_code = self._head(wide, dropout, parameters.bits)
        self.text_code = self._head(wide, dropout, parameters.bits)

    @staticmethod
    def _head(wide: int, dropout: float, bits: int) -> nn.Sequential:
        layers = nn.BatchNorm1d(wide), nn.ReLU(), nn.Dropout(dropout), nn.Linear(wide, bits)
        return nn.Sequential(*layers, nn.Tanh())

    def images(self, regions, boxes, whole) -> torch.Tensor:
        """Whole-image features (b, inputs) -> (b, bits); regions are not used."""
        return normalize(self.image_code(self.image(whole)), dim=1)

    def texts(self, *inputs) -> torch.Tensor:
        """What `WholeText` reads of b texts -> (b, bits)."""
        return normalize(self.text_code(self.text(*inputs)), dim=1)


class UCCH(WholeTextModel):
    """The model `ucch`."""

    card = ModelCard(
        name="ucch",
        title="UCCH",
        granularity="CG",
        approach="Dual Hash",
        query_time_attention="None",
        dimension="{p.bits}D",
        image_features="whole image",
        text_features="Doc2Vec",
        dtype="1 bit",
        reference="Hu et al. 2023",
    )

    def build(self, train: FeatureSplit) -> nn.Module:
        """The towers, and a memory bank for the pairs of `train`."""
        self.epochs_done = 0
        self.bank = MemoryBank(len(train.image_ids), self.parameters.bits, self.device)
        return HashNetwork(train, self.parameters)

    def loss(self, batch: Batch) -> torch.Tensor:
        """L_c of both modalities and L_r of both directions; moves the memory by the way."""
        images = self.network.images(batch.regions, batch.boxes, batch.whole)
        texts = self.network.texts(*text_inputs_of(batch))
        pair = (images + texts).detach() / 2
        first = self.epochs_done == 0
        drawn = batch.rows if first else self.bank.draw(NEGATIVES)
        own = sign(pair if first else self.bank.codes[batch.rows])
        others = own if first else sign(self.bank.codes[drawn])
        same = batch.rows[:, None] == drawn
        self.bank.update(batch.rows, pair, 0.0 if first else MOMENTUM)

        contrasts = contrast(images, own, others, same) + contrast(texts, own, others, same)
        similarity = images @ texts.T
        return CONTRAST * contrasts + RANKING * (ranking(similarity) + ranking(similarity.T))

    def after_epoch(self) -> None:
        """Count the epochs: from the second one on the memory bank is used."""
        self.epochs_done += 1

    def score(self, images: torch.Tensor, texts: torch.Tensor, val: FeatureSplit) -> float:
        """The sum of recalls of the binary codes on the validation split; it needs no labels."""
        return code_recall_sum(images, texts, val.image_of_caption)

    def pack(self, images: np.ndarray, texts: np.ndarray, **about) -> Codes:
        """Codes of one bit per dimension, its sign."""
        return pack_signs(images, texts, **about)
