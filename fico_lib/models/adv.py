"""ADV: hash codes learned by matching instances, against an adversary who tells images from texts.

After Li et al. 2021, "Efficient Fine-Grained Visual-Text Search Using Adversarially-Learned Hash
Codes" (ICME). Written from the paper alone, which leaves much open: this is our reading of it. With
relaxed codes h_i = tanh(...) of images and h_t of texts, in [-1, 1]:

    loss = InfoNCE(s cos(h_i, h_t)) + r [(|h_i| - 1)^2 + (|h_t| - 1)^2] / 10 + adversary

- InfoNCE over the batch matches each image to its own caption, no labels are used: the codes are
  fine-grained in what they learn, and coarse only in how few bits they have;
- the quantisation loss, a mean over bits, draws every dimension to -1 or 1; r rises from 0 to 1 in
  the first steps, so that the codes find their place before they are fixed;
- the adversary learns from a code whether it is an image's or a text's (cross-entropy), and both
  encoders learn, with weight 0.02, that it cannot: its gradient reaches them reversed (Ganin and
  Lempitsky 2015, "Unsupervised Domain Adaptation by Backpropagation").

FiCo-ITR has it twice, as a coarse-grained model of 64 bits that screens candidates, and as a
fine-grained one of 2048 bits.
"""

from typing import Literal

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, normalize

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.binary import BinaryModel
from fico_lib.models.base.card import ModelCard
from fico_lib.models.base.losses import info_nce
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.training import Batch
from fico_lib.models.vse import DualEncoder

QUANTISATION = 0.1  # weight
RAMP = 2000  # steps in which it rises to its full value, half of all steps at most
ADVERSARIAL = 0.02
ADVERSARY_WIDTH = 64
OWN_READING = "our reading of a paper without released code"


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


class CodeNetwork(DualEncoder):
    """Relaxed codes in [-1, 1] of images and texts, and the adversary who tells them apart."""

    def __init__(self, train: FeatureSplit, parameters: TrainingParameters):
        bits = parameters.bits
        super().__init__(train, parameters.model_copy(update={"dimension": bits}), torch.tanh)
        self.adversary = nn.Sequential(
            nn.Linear(bits, ADVERSARY_WIDTH), nn.ReLU(), nn.Linear(ADVERSARY_WIDTH, 1)
        )

    def adversarial(self, images: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
        """The adversary's cross-entropy on codes (b, bits) of both; the encoders raise it."""
        codes = Reversed.apply(torch.cat([images, texts]), ADVERSARIAL)
        is_text = torch.arange(len(codes), device=codes.device) >= len(images)
        return binary_cross_entropy_with_logits(self.adversary(codes)[:, 0], is_text.float())


class ADV(BinaryModel):
    """What `adv64` and `adv2048` share: all but the number of bits and the scale."""

    bits: int
    scale: float  # s, of the cosines: the inverse temperature
    network_class = CodeNetwork

    @classmethod
    def adjusted(cls, parameters: TrainingParameters) -> TrainingParameters:
        """The code length is the model's own."""
        return super().adjusted(parameters).model_copy(update={"bits": cls.bits})

    def loss(self, batch: Batch) -> torch.Tensor:
        """InfoNCE, quantisation and the adversary; see the top of this file."""
        images = self.network.images(batch.regions, batch.boxes, batch.whole)
        texts = self.network.texts(batch.tokens, batch.lengths)
        matching = info_nce(self.scale * normalize(images, dim=1) @ normalize(texts, dim=1).T)
        ramp = min(1.0, self.steps / min(RAMP, self.parameters.max_steps / 2))
        fixing = QUANTISATION * ramp * (quantisation(images) + quantisation(texts))
        return matching + fixing + self.network.adversarial(images, texts)


def _card(bits: int, granularity: Literal["FG", "CG"]) -> ModelCard:
    return ModelCard(
        name=f"adv{bits}",
        title=f"ADV-{bits}",
        granularity=granularity,
        dimension=f"{bits}D",
        dtype="1 bit",
        reference="Li et al. 2021",
        note=f"{OWN_READING}, compact and trained here from scratch",
        objective=f"{OWN_READING}: InfoNCE, quantisation, a modality adversary",
        architecture=f"{OWN_READING}: VSE's encoders with tanh, narrower",
        selection=f"{OWN_READING}: recall of the binary codes",
    )


class ADV64(ADV):
    """The model `adv64`."""

    card = _card(64, "CG")
    bits, scale = 64, 7.0


class ADV2048(ADV):
    """The model `adv2048`."""

    card = _card(2048, "FG")
    bits, scale = 2048, 15.0
