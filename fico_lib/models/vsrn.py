"""VSRN: a fine-grained dual encoder whose image side reasons over the regions.

After Li et al. 2019, "Visual Semantic Reasoning for Image-Text Matching" (ICCV). The regions of an
image, V (r, d), are nodes of a fully connected graph; each of several layers (Eq. 3 and 4) is

    V <- V + BN(W(R g(V))),   R = theta(V) phi(V)' / r

with linear maps theta, phi, g and W, a batch normalisation BN that starts at 0 (so a layer starts
as the identity) and affinities R between the regions. A GRU then reads the regions one after the
other, and its last state is the image ("global semantic reasoning", Section 3.2).

What differs here:
- the generation of the caption from the reasoned regions, VSRN's second objective, is left out, and
  so is the average over two trained models;
- the GRU reads the regions as they are, not scaled to length 1;
- by default InfoNCE over the batch instead of the hinge on the hardest negative
  (`training.objective: hinge`);
- regions may have boxes, and the text side, width and training are those of `fico_lib.models.vse`,
  so that the two models differ in the image side only.
"""

from dataclasses import replace

import torch
from torch import nn

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.vse import HINGE_OR_INFONCE, VSE, DualEncoder

LAYERS = 4


class Reasoning(nn.Module):
    """One residual graph convolution over the regions of an image."""

    def __init__(self, width: int):
        super().__init__()
        self.theta, self.phi, self.g, self.w = (nn.Linear(width, width) for _ in range(4))
        self.norm = nn.BatchNorm1d(width)
        nn.init.zeros_(self.norm.weight)

    def forward(self, regions: torch.Tensor) -> torch.Tensor:
        """(b, r, width) -> (b, r, width)."""
        affinity = self.theta(regions) @ self.phi(regions).transpose(1, 2) / regions.shape[1]
        message = self.w(affinity @ self.g(regions))
        return regions + self.norm(message.flatten(0, 1)).view_as(regions)


class ReasoningDualEncoder(DualEncoder):
    """Unit vectors of images and of texts; the image side reasons over the regions."""

    def __init__(self, train: FeatureSplit, parameters: TrainingParameters):
        super().__init__(train, parameters)
        width = parameters.width
        self.reason = nn.Sequential(*(Reasoning(width) for _ in range(LAYERS)))
        self.gru = nn.GRU(width, width, batch_first=True)
        self.from_image = nn.Linear(width, parameters.dimension)

    def contextual(self, vectors: torch.Tensor) -> torch.Tensor:
        """The regions after reasoning, (b, r, width) -> (b, r, width)."""
        return self.reason(vectors)

    def read(self, contextual: torch.Tensor) -> torch.Tensor:
        """The GRU's last state, (b, width), after the regions (b, r, width)."""
        return self.gru(contextual)[1][0]


class VSRN(VSE):
    """The model `vsrn`: objective, selection and encodings are those of `vse`."""

    network_class = ReasoningDualEncoder
    card = replace(
        VSE.card,
        name="vsrn",
        title="VSRN",
        reference="Li et al. 2019",
        objective=f"{HINGE_OR_INFONCE}; without the generation of captions",
        architecture="differs: narrower, and one model instead of the average of two",
    )
