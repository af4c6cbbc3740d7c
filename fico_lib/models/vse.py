"""VSE: a fine-grained dual encoder with one embedding per image and per text.

After VSE++ (Faghri et al. 2018, "VSE++: Improving Visual-Semantic Embeddings with Hard
Negatives"): images and texts are mapped into one space and compared by cosine. What differs here:
- the loss is InfoNCE over the batch with a learned temperature instead of the hinge on the hardest
  negative, which stalls or collapses in models as small and as briefly trained as these;
- the image side pools region features by mean and maximum instead of fine-tuning a CNN;
- the GRU reads in both directions, and its states are pooled by mean and maximum instead of taking
  the last one.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn.functional import normalize

from fico_lib.encodings import Embeddings
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.card import ModelCard
from fico_lib.models.base.losses import info_nce
from fico_lib.models.base.model import Model
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.selection import recall_sum
from fico_lib.models.base.training import Batch
from fico_lib.models.layers.text_encoder import GRUEncoder, pool

FIRST_SCALE, LARGEST_SCALE = 15.0, 100.0  # of the cosines: the inverse temperature


class RegionEncoder(nn.Module):
    """Two layers on each region's feature and box, pooled by mean and maximum."""

    def __init__(self, inputs: int, width: int, dropout: float):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(inputs + 4, width), nn.ReLU(), nn.Linear(width, width)
        )

    def forward(self, regions: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
        """regions (b, r, inputs), boxes (b, r, 4) -> (b, 2 * width)."""
        vectors = self.layers(torch.cat([regions, 2 * boxes - 1], 2))
        return torch.cat([vectors.mean(1), vectors.amax(1)], 1)


class DualEncoder(nn.Module):
    """Unit vectors of images and of texts, in one space."""

    def __init__(self, inputs: int, vocabulary_size: int, parameters: TrainingParameters):
        super().__init__()
        width, dropout = parameters.width, parameters.dropout
        self.regions = RegionEncoder(inputs, width, dropout)
        self.words = GRUEncoder(vocabulary_size, width, dropout)
        self.from_image = nn.Linear(2 * width, parameters.dimension)
        self.from_text = nn.Linear(2 * width, parameters.dimension)
        self.log_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE)))

    def images(self, regions, boxes, whole) -> torch.Tensor:
        """(b, r, inputs), (b, r, 4) -> (b, dimension), of length 1; `whole` is not used."""
        return normalize(self.from_image(self.regions(regions, boxes)), dim=1)

    def texts(self, tokens, lengths) -> torch.Tensor:
        """(b, longest), (b,) -> (b, dimension), of length 1."""
        return normalize(self.from_text(pool(self.words(tokens, lengths), lengths)), dim=1)

    def scale(self) -> torch.Tensor:
        """The inverse temperature, a scalar."""
        return self.log_scale.exp().clamp(max=LARGEST_SCALE)


class VSE(Model):
    """The model `vse`."""

    card = ModelCard(
        name="vse",
        title="VSE++",
        granularity="FG",
        approach="Global",
        query_time_attention="None",
        dimension="{p.dimension}D",
        image_features="regions",
        text_features="words",
        dtype="f32",
        reference="Faghri et al. 2018",
        needs=("regions",),
    )

    def build(self, train: FeatureSplit) -> nn.Module:
        """The dual encoder for the sizes of `train`."""
        return DualEncoder(train.regions.shape[2], train.vocabulary_size, self.parameters)

    def loss(self, batch: Batch) -> torch.Tensor:
        """InfoNCE of the batch's scaled cosines."""
        images = self.network.images(batch.regions, batch.boxes, batch.whole)
        texts = self.network.texts(batch.tokens, batch.lengths)
        return info_nce(self.network.scale() * images @ texts.T)

    def score(self, images: torch.Tensor, texts: torch.Tensor, val: FeatureSplit) -> float:
        """The sum of recalls on the validation split."""
        rows = torch.from_numpy(np.array(val.image_of_caption)).to(images.device)
        return recall_sum(images, texts, rows)

    def pack(self, images: np.ndarray, texts: np.ndarray, **about) -> Embeddings:
        """Embeddings compared by cosine."""
        return Embeddings(images=images, texts=texts, measure="cosine", **about)
