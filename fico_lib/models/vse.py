"""VSE: a fine-grained dual encoder with one embedding per image and per text.

After VSE++ (Faghri et al. 2018, "VSE++: Improving Visual-Semantic Embeddings with Hard
Negatives"): images and texts are mapped into one space and compared by cosine. What differs here:
- by default the loss is InfoNCE over the batch with a learned temperature; the published hinge on
  the hardest negative is the choice `training.objective: hinge`;
- the image side pools region features by mean and maximum instead of fine-tuning a CNN;
- the GRU reads in both directions, and its states are pooled by mean and maximum instead of taking
  the last one.
"""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn.functional import normalize

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.card import ModelCard
from fico_lib.models.base.embedding import EmbeddingModel
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.layers.padding import all_of, pool
from fico_lib.models.layers.regions import RegionLayers, region_size
from fico_lib.models.layers.scale import Scale
from fico_lib.models.layers.text_encoder import GRUEncoder

FIRST_SCALE = 15.0
HINGE_OR_INFONCE = (
    "as published with objective hinge; by default InfoNCE, which needs no hard pairs"
)


def unit(vectors: torch.Tensor) -> torch.Tensor:
    """Vectors (b, d), scaled to length 1."""
    return normalize(vectors, dim=1)


class DualEncoder(nn.Module):
    """Vectors of images and of texts in one space, of length 1 unless `finish` says otherwise."""

    def __init__(
        self,
        train: FeatureSplit,
        parameters: TrainingParameters,
        finish: Callable[[torch.Tensor], torch.Tensor] = unit,
    ):
        """finish: what is done with the last layers' vectors (b, dimension)."""
        super().__init__()
        self.finish = finish
        width, dropout = parameters.width, parameters.dropout
        self.regions = RegionLayers(region_size(train), width, dropout)
        self.words = GRUEncoder(train.vocabulary_size, width, dropout)
        self.from_image = nn.Linear(2 * width, parameters.dimension)
        self.from_text = nn.Linear(2 * width, parameters.dimension)
        self.scale = Scale(FIRST_SCALE)

    def contextual(self, vectors: torch.Tensor) -> torch.Tensor:
        """The regions (b, r, width) after they have seen each other: here as they were."""
        return vectors

    def read(self, contextual: torch.Tensor) -> torch.Tensor:
        """(b, r, width) -> what `from_image` reads of an image."""
        return pool(contextual, all_of(contextual))

    def images(self, regions, boxes, whole) -> torch.Tensor:
        """(b, r, d), (b, r, 4) or None -> (b, dimension); `whole` is not used."""
        contextual = self.contextual(self.regions(regions, boxes))
        return self.finish(self.from_image(self.read(contextual)))

    def texts(self, tokens, lengths) -> torch.Tensor:
        """(b, longest), (b,) -> (b, dimension)."""
        return self.finish(self.from_text(pool(self.words(tokens, lengths), lengths)))


class VSE(EmbeddingModel):
    """The model `vse`."""

    network_class = DualEncoder
    hinge = True
    card = ModelCard(
        name="vse",
        title="VSE++",
        approach="Global",
        reference="Faghri et al. 2018",
        objective=HINGE_OR_INFONCE,
        architecture="differs: pooled region features for a CNN, a bidirectional GRU, narrower",
    )
