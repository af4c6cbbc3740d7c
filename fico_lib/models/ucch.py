"""UCCH: unsupervised contrastive cross-modal hashing, a coarse-grained model with 64-bit codes.

After Hu et al. 2023, "Unsupervised Contrastive Cross-Modal Hashing" (IEEE TPAMI). No labels are
used, only which image and caption belong together. With unit codes z_i of images and z_t of texts,
and a memory bank of one unit code m per train pair:

    loss   = 0.9 (L_c(z_i) + L_c(z_t)) + 0.1 (L_r(z_i, z_t) + L_r(z_t, z_i))
    L_c(z) = -log  exp(z . sign(m_own) / T)  /  sum over own and negatives k of exp(z . sign(m_k)/T)
    L_r    = mean over i of  0.2 + log sum over j of exp(c_ij) - S_ii          (Eq. 14)
    m     <- (0.4 m + 0.6 (z_i + z_t) / 2), scaled to length 1, after each step

- L_c contrasts relaxed codes with the binary codes of the memory bank, T = 0.9 sqrt(bits) and 4096
  pairs of the train split drawn as negatives; in the first pass over the data, while the bank is
  still random, the codes of the batch take its place;
- L_r ranks: S being the cosines of the batch and j running over all of it, i included,
  c_ij = S_ij if S_ij >= S_ii - 0.2, else S_ij - 1. So negatives that are far enough count less, and
  so do many false ones together. Its temperature is 1, as in the released code.

As theirs, the weights that do best by mean average precision on the validation split are kept: the
only use of labels. Where that split has none, recall of the own pair chooses.

What differs here: two narrow layers instead of three (images) of up to 8192 units; negatives shared
by the pairs of a batch; and the image features of this study as inputs instead of VGG features.
"""

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.binary import BinaryModel, code_precision_sum, sign
from fico_lib.models.base.card import AS_PUBLISHED, ModelCard
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
    own = similarity.diagonal()
    near = similarity >= own[:, None] - MARGIN
    cost = torch.where(near, similarity, similarity - SHIFT)
    return (MARGIN + cost.logsumexp(1) - own).mean()


class MemoryBank:
    """One unit code for each pair of the train split, moving after the codes of its modalities.

    binary: whether codes are contrasted with the signs of the bank's, or with these themselves,
    scaled to the length of the signs.
    """

    def __init__(self, n: int, bits: int, device: torch.device, binary: bool = True):
        self.codes = normalize(torch.randn(n, bits), dim=1).to(device)
        self.binary, self.passes = binary, 0  # passes over the data until now

    def target(self, codes: torch.Tensor) -> torch.Tensor:
        """What unit codes are contrasted with: vectors (b, bits) of length sqrt(bits)."""
        return sign(codes) if self.binary else math.sqrt(codes.shape[1]) * codes

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

    def loss(self, images: torch.Tensor, texts: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """UCCH's loss of unit codes (b, bits) of the pairs at `rows` (b,); moves the bank as well.

        L_c of both modalities and L_r of both directions.
        """
        pair = (images + texts).detach() / 2
        first = self.passes == 0
        drawn = rows if first else self.draw(NEGATIVES)
        own = self.target(normalize(pair, dim=1) if first else self.codes[rows])
        others = own if first else self.target(self.codes[drawn])
        same = rows[:, None] == drawn
        self.update(rows, pair, 0.0 if first else MOMENTUM)

        contrasts = contrast(images, own, others, same) + contrast(texts, own, others, same)
        similarity = images @ texts.T
        return CONTRAST * contrasts + RANKING * (ranking(similarity) + ranking(similarity.T))


class HashNetwork(nn.Module):
    """Two towers to unit codes: relaxed codes in [-1, 1], scaled to length 1."""

    def __init__(self, train: FeatureSplit, parameters: TrainingParameters):
        super().__init__()
        wide, bits = 4 * parameters.width, parameters.bits
        self.image, self.text = nn.Linear(train.whole.shape[1], wide), WholeText(train, wide)
        self.image_code, self.text_code = (
            nn.Sequential(nn.ReLU(), nn.Linear(wide, bits), nn.Tanh()) for _ in range(2)
        )

    def images(self, regions, boxes, whole) -> torch.Tensor:
        """Whole-image features (b, inputs) -> (b, bits); regions are not used."""
        return normalize(self.image_code(self.image(whole)), dim=1)

    def texts(self, *inputs) -> torch.Tensor:
        """What `WholeText` reads of b texts -> (b, bits)."""
        return normalize(self.text_code(self.text(*inputs)), dim=1)


class UCCH(WholeTextModel, BinaryModel):
    """The model `ucch`."""

    card = ModelCard(
        name="ucch",
        title="UCCH",
        granularity="CG",
        approach="Dual Hash",
        dimension="{p.bits}D",
        image_features="whole image",
        text_features="Doc2Vec",
        dtype="1 bit",
        reference="Hu et al. 2023",
        needs=(),
        objective=AS_PUBLISHED,
        architecture="differs: two layers for images instead of three, other features, narrower",
        selection="as published, by mAP; by recall where the validation split has no labels",
    )

    def build(self, train: FeatureSplit) -> nn.Module:
        """The towers, and a memory bank for the pairs of `train`."""
        self.bank = MemoryBank(len(train.image_ids), self.parameters.bits, self.device)
        return HashNetwork(train, self.parameters)

    def loss(self, batch: Batch) -> torch.Tensor:
        """The loss of the batch's codes; see the top of this file."""
        images = self.network.images(batch.regions, batch.boxes, batch.whole)
        texts = self.network.texts(*text_inputs_of(batch))
        return self.bank.loss(images, texts, batch.rows)

    def after_pass(self) -> None:
        """Count the passes: from the second one on the memory bank is used."""
        self.bank.passes += 1

    def score(self, images: torch.Tensor, texts: torch.Tensor, val: FeatureSplit) -> float:
        """Mean average precision of the codes on the validation split, both directions summed.

        Where it has no labels: the sum of recalls.
        """
        if val.labels is None:
            return super().score(images, texts, val)
        return code_precision_sum(images, texts, val)
