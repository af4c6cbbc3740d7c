"""DADH: supervised adversarial discrete hashing, a coarse-grained model with 64-bit codes.

After Bai et al. 2020, "Deep Adversarial Discrete Hashing for Cross-Modal Retrieval" (ICMR). With
codes H_i, H_t in [-1, 1] of images and texts, labels L and binary codes B of the train pairs:

    loss = 10 triplet(H_i, H_t) + (|B - H_i|^2 + |B - H_t|^2) + adversarial
    B    = sign(L P + mu/2 (H_i + H_t)),  P = (L'L + I)^-1 L'B     after each pass

- triplet: weighted cosine triplets in both directions, so codes of pairs with more labels in
  common are nearer (`fico_lib.models.base.losses.weighted_triplet`);
- the discrete codes B are learned, not relaxed, and pull both modalities to the same code;
- adversarial: two critics, on the features before the last layer and on the codes, tell images from
  texts by cross-entropy with a gradient penalty, and the text side learns to be taken for images:
  the non-saturating loss -log sigmoid(D(text)) for each critic. The one on codes teaches the last
  layer of the texts alone: what stands below it is detached there.

The triplets and the squares are sums over a batch and the adversary is a mean, as in the released
code, so the adversary counts little.

What differs here: three narrow layers instead of four of up to 8192 units, critics of two layers,
and the image features of this study as inputs instead of VGG features.
"""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid, normalize

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.binary import BinaryModel, code_precision_sum, sign
from fico_lib.models.base.card import ModelCard
from fico_lib.models.base.losses import gradient_penalty, weighted_triplet
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.training import Batch
from fico_lib.models.base.whole_text import WholeText, WholeTextModel, text_inputs_of

TRIPLET, QUANTISATION, ADVERSARIAL = 10.0, 1.0, 1.0  # alpha, beta and gamma of the paper
PENALTY = 10.0  # lambda of the gradient penalty
RIDGE = 1.0
MU = 1e-5


def discrete_codes(
    codes: torch.Tensor, labels: torch.Tensor, relaxed: torch.Tensor
) -> torch.Tensor:
    """The next binary codes: sign(L P + mu/2 (H_i + H_t)) with P the ridge regression of B on L.

    codes: B (n, bits) of -1 and 1; labels: L (n, c) float; relaxed: H_i + H_t (n, bits).
    """
    gram = labels.T @ labels + RIDGE * torch.eye(labels.shape[1], device=labels.device)
    projection = torch.linalg.solve(gram, labels.T @ codes)
    return sign(labels @ projection + MU / 2 * relaxed)


def _layer(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU())


def told(judge: nn.Module, images: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
    """A critic's cross-entropy: images (b, d) are to get high logits, texts (b, d) low ones."""
    logits = judge(torch.cat([images, texts]))[:, 0]
    is_image = (torch.arange(len(logits), device=logits.device) < len(images)).to(logits.dtype)
    return 2 * binary_cross_entropy_with_logits(logits, is_image)


def critic(inputs: int, width: int) -> nn.Sequential:
    """A network that gives images higher values than texts: (b, inputs) -> (b, 1)."""
    return nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, 1))


class HashNetwork(nn.Module):
    """Two towers to relaxed codes in [-1, 1]."""

    def __init__(self, train: FeatureSplit, parameters: TrainingParameters):
        super().__init__()
        wide, width = 4 * parameters.width, 2 * parameters.width
        self.whole_text = WholeText(train, wide)
        self.image = nn.Sequential(
            nn.Dropout(parameters.dropout),
            _layer(train.whole.shape[1], wide),
            _layer(wide, width),
        )
        self.text = nn.Sequential(
            nn.BatchNorm1d(wide), nn.ReLU(), nn.Dropout(parameters.dropout), _layer(wide, width)
        )
        self.image_code = nn.Sequential(nn.Linear(width, parameters.bits), nn.Tanh())
        self.text_code = nn.Sequential(nn.Linear(width, parameters.bits), nn.Tanh())

    def images(self, regions, boxes, whole) -> torch.Tensor:
        """Whole-image features (b, inputs) -> (b, bits); regions are not used."""
        return self.image_code(self.image(whole))

    def texts(self, *inputs) -> torch.Tensor:
        """What `WholeText` reads of b texts -> (b, bits)."""
        return self.text_code(self.text(self.whole_text(*inputs)))


class DADH(WholeTextModel, BinaryModel):
    """The model `dadh`."""

    card = ModelCard(
        name="dadh",
        title="DADH",
        granularity="CG",
        approach="Dual Hash",
        dimension="{p.bits}D",
        image_features="whole image",
        text_features="Doc2Vec",
        dtype="1 bit",
        reference="Bai et al. 2020",
        needs=("labels",),
        objective="as published, in the scales of the released code",
        architecture="differs: three layers instead of four, critics of two, other features, "
        "narrower",
        selection="as published, by mAP; on a validation split instead of the test queries",
    )

    def build(self, train: FeatureSplit) -> nn.Module:
        """The towers, their critics, and binary codes of the train pairs to begin with."""
        bits, width = self.parameters.bits, 2 * self.parameters.width
        n = len(train.image_ids)
        self.labels = torch.from_numpy(np.array(train.labels, np.float32)).to(self.device)
        self.codes = sign(torch.randn(n, bits)).to(self.device)
        self.relaxed = torch.zeros(n, bits, device=self.device)
        self.critics = nn.ModuleList([critic(width, width), critic(bits, width)]).to(self.device)
        self.critic_optimizer = torch.optim.Adam(
            self.critics.parameters(), self.parameters.learning_rate, betas=(0.5, 0.9)
        )
        return HashNetwork(train, self.parameters)

    def _train_critics(self, images: list[torch.Tensor], texts: list[torch.Tensor]) -> None:
        """One step of the critics on detached features and codes."""
        loss = torch.zeros((), device=self.device)
        for judge, *sides in zip(self.critics, images, texts, strict=True):
            sides = [side.detach() for side in sides]
            loss = loss + told(judge, *sides) + PENALTY * gradient_penalty(judge, *sides)
        self.critic_optimizer.zero_grad()
        loss.backward()
        self.critic_optimizer.step()

    def loss(self, batch: Batch) -> torch.Tensor:
        """The loss of the towers; trains the critics by the way."""
        features = [
            self.network.image(batch.whole),
            self.network.text(self.network.whole_text(*text_inputs_of(batch))),
        ]
        codes = [self.network.image_code(features[0]), self.network.text_code(features[1])]
        self._train_critics([features[0], codes[0]], [features[1], codes[1]])
        self.relaxed[batch.rows] = (codes[0] + codes[1]).detach()

        cosine = normalize(codes[0], dim=1) @ normalize(codes[1], dim=1).T
        shared = batch.labels @ batch.labels.T
        triplet = weighted_triplet(cosine, shared) + weighted_triplet(cosine.T, shared.T)
        wanted = self.codes[batch.rows]
        quantisation = sum(((wanted - code) ** 2).sum() for code in codes)
        last = self.network.text_code(features[1].detach())
        adversarial = -sum(
            logsigmoid(judge(text)).mean()
            for judge, text in zip(self.critics, (features[1], last), strict=True)
        )
        return TRIPLET * triplet + QUANTISATION * quantisation + ADVERSARIAL * adversarial

    def after_pass(self) -> None:
        """Learn the binary codes of the train pairs anew."""
        self.codes = discrete_codes(self.codes, self.labels, self.relaxed)

    def score(self, images: torch.Tensor, texts: torch.Tensor, val: FeatureSplit) -> float:
        """Mean average precision of the codes on the validation split, both directions summed."""
        return code_precision_sum(images, texts, val)
