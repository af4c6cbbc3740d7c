"""What dual encoders of continuous embeddings share: loss, selection, encodings."""

import numpy as np
import torch

from fico_lib.encodings import Embeddings
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.losses import match_loss
from fico_lib.models.base.model import Model
from fico_lib.models.base.selection import recall_sum
from fico_lib.models.base.training import Batch


class EmbeddingModel(Model):
    """A model whose network gives unit vectors, and has a `scale` of their cosines."""

    def loss(self, batch: Batch) -> torch.Tensor:
        """InfoNCE of the batch's scaled cosines, or the hinge of the cosines."""
        images = self.network.images(batch.regions, batch.boxes, batch.whole)
        texts = self.network.texts(batch.tokens, batch.lengths)
        return match_loss(self.parameters.objective, images @ texts.T, self.network.scale)

    def score(self, images: torch.Tensor, texts: torch.Tensor, val: FeatureSplit) -> float:
        """The sum of recalls on the validation split."""
        rows = torch.from_numpy(np.array(val.image_of_caption)).to(images.device)
        return recall_sum(images, texts, rows)

    def pack(self, images: torch.Tensor, texts: torch.Tensor, split: FeatureSplit) -> Embeddings:
        """Embeddings compared by cosine."""
        return Embeddings(images.cpu().numpy(), texts.cpu().numpy(), measure="cosine",
                          **self.about(split))  # fmt: skip
