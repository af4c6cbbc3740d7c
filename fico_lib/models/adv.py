"""ADV: hash codes learned by matching instances, against an adversary who tells images from texts.

After Li et al. 2021, "Efficient Fine-Grained Visual-Text Search Using Adversarially-Learned Hash
Codes" (ICME). Written from the paper alone, which leaves much open: this is our reading of it. With
relaxed codes h_i = tanh(...) of images and h_t of texts, in [-1, 1]:

    loss = InfoNCE(s cos(h_i, h_t)) + r [(|h_i| - 1)^2 + (|h_t| - 1)^2] / 10 + adversary

- InfoNCE over the batch matches each image to its own caption, no labels are used: the codes are
  fine-grained in what they learn, and coarse only in how few bits they have;
- the quantisation loss, a mean over bits, draws every dimension to -1 or 1; r rises from 0 to 1, so
  that the codes find their place before they are fixed;
- the adversary learns from a code whether it is an image's or a text's (cross-entropy), and both
  encoders learn, with weight 0.02, that it cannot: its gradient reaches them reversed (Ganin and
  Lempitsky 2015, "Unsupervised Domain Adaptation by Backpropagation").

FiCo-ITR has it twice, as a coarse-grained model of 64 bits that screens candidates, and as a
fine-grained one of 2048 bits.
"""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, normalize

from fico_lib.encodings import Codes
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.binary import code_recall_sum, pack_signs
from fico_lib.models.base.card import ModelCard
from fico_lib.models.base.losses import info_nce
from fico_lib.models.base.model import Model
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.training import Batch
from fico_lib.models.layers.text_encoder import GRUEncoder, pool

QUANTISATION, RAMP = 0.1, 0.5  # weight; share of the epochs in which it rises to its full value
ADVERSARIAL = 0.02
ADVERSARY_WIDTH = 64
NOTE = "our reading of the paper, compact and trained here from scratch"


class Reversed(torch.autograd.Function):
    """The identity, whose gradient comes back times -weight."""

    @staticmethod
    def forward(ctx, values: torch.Tensor, weight: float) -> torch.Tensor:
        """`values` as they are."""
        ctx.weight = weight
        return values.view_as(values)

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        """The gradient of `values`; the weight has none."""
        return -ctx.weight * gradient, None


def quantisation(codes: torch.Tensor) -> torch.Tensor:
    """How far relaxed codes are from -1 and 1: the mean of (|h| - 1)^2, a scalar."""
    return ((codes.abs() - 1) ** 2).mean()


class CodeNetwork(nn.Module):
    """Relaxed codes in [-1, 1] of images and texts, and the adversary who tells them apart."""

    def __init__(self, inputs: int, vocabulary_size: int, parameters: TrainingParameters):
        super().__init__()
        width, dropout, bits = parameters.width, parameters.dropout, parameters.bits
        self.regions = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(inputs + 4, width), nn.ReLU(), nn.Linear(width, width)
        )
        self.words = GRUEncoder(vocabulary_size, width, dropout)
        self.image_code = nn.Linear(2 * width, bits)
        self.text_code = nn.Linear(2 * width, bits)
        self.adversary = nn.Sequential(
            nn.Linear(bits, ADVERSARY_WIDTH), nn.ReLU(), nn.Linear(ADVERSARY_WIDTH, 1)
        )

    def images(self, regions, boxes, whole) -> torch.Tensor:
        """(b, r, inputs), (b, r, 4) -> (b, bits); `whole` is not used."""
        vectors = self.regions(torch.cat([regions, 2 * boxes - 1], 2))
        return torch.tanh(self.image_code(torch.cat([vectors.mean(1), vectors.amax(1)], 1)))

    def texts(self, tokens, lengths) -> torch.Tensor:
        """(b, longest), (b,) -> (b, bits)."""
        return torch.tanh(self.text_code(pool(self.words(tokens, lengths), lengths)))

    def adversarial(self, images: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
        """The adversary's cross-entropy on codes (b, bits) of both; the encoders raise it."""
        codes = Reversed.apply(torch.cat([images, texts]), ADVERSARIAL)
        is_text = torch.arange(len(codes), device=codes.device) >= len(images)
        return binary_cross_entropy_with_logits(self.adversary(codes)[:, 0], is_text.float())


class ADV(Model):
    """What `adv64` and `adv2048` share: all but the number of bits and the scale."""

    bits: int
    scale: float  # s, of the cosines: the inverse temperature

    @classmethod
    def adjusted(cls, parameters: TrainingParameters) -> TrainingParameters:
        """The code length is the model's own."""
        return parameters.model_copy(update={"bits": cls.bits})

    def build(self, train: FeatureSplit) -> nn.Module:
        """The encoders and their adversary for the sizes of `train`."""
        self.epochs_done = 0
        return CodeNetwork(train.regions.shape[2], train.vocabulary_size, self.parameters)

    def loss(self, batch: Batch) -> torch.Tensor:
        """InfoNCE, quantisation and the adversary; see the top of this file."""
        images = self.network.images(batch.regions, batch.boxes, batch.whole)
        texts = self.network.texts(batch.tokens, batch.lengths)
        matching = info_nce(self.scale * normalize(images, dim=1) @ normalize(texts, dim=1).T)
        ramp = min(1.0, self.epochs_done / (RAMP * self.parameters.epochs))
        fixing = QUANTISATION * ramp * (quantisation(images) + quantisation(texts))
        return matching + fixing + self.network.adversarial(images, texts)

    def after_epoch(self) -> None:
        """Count the epochs: the weight of the quantisation loss follows them."""
        self.epochs_done += 1

    def score(self, images: torch.Tensor, texts: torch.Tensor, val: FeatureSplit) -> float:
        """The sum of recalls of the binary codes on the validation split."""
        return code_recall_sum(images, texts, val.image_of_caption)

    def pack(self, images: np.ndarray, texts: np.ndarray, **about) -> Codes:
        """Codes of one bit per dimension, its sign."""
        return pack_signs(images, texts, **about)


def _card(bits: int, granularity: str) -> ModelCard:
    return ModelCard(
        name=f"adv{bits}",
        title=f"ADV-{bits}",
        granularity=granularity,
        approach="Dual",
        query_time_attention="None",
        dimension=f"{bits}D",
        image_features="regions",
        text_features="words",
        dtype="1 bit",
        reference="Li et al. 2021",
        needs=("regions",),
        note=NOTE,
    )


class ADV64(ADV):
    """The model `adv64`."""

    card = _card(64, "CG")
    bits, scale = 64, 7.0


class ADV2048(ADV):
    """The model `adv2048`."""

    card = _card(2048, "FG")
    bits, scale = 2048, 15.0
