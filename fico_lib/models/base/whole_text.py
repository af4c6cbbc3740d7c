"""Models that read a text as one vector: Doc2Vec features, or where there are none its words."""

import numpy as np
import torch
from torch import nn

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.model import Model
from fico_lib.models.base.training import Batch, documents_of
from fico_lib.models.layers.text_encoder import BagOfWords


class WholeText(nn.Module):
    """A linear layer over the text features that `train` has: (b, width).

    Called with [documents (b, f)], or with [tokens (b, longest), lengths (b,)].
    """

    def __init__(self, train: FeatureSplit, width: int):
        super().__init__()
        if train.documents is None:
            self.layer = BagOfWords(train.vocabulary_size, width)
        else:
            self.layer = nn.Linear(train.documents.shape[1], width)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """The texts' vectors (b, width)."""
        return self.layer(*inputs)


def text_inputs_of(batch: Batch) -> list[torch.Tensor]:
    """What `WholeText` reads of a batch."""
    return [batch.tokens, batch.lengths] if batch.documents is None else [batch.documents]


class WholeTextModel(Model):
    """Base of the models whose networks read texts by `WholeText`."""

    def text_inputs(self, split: FeatureSplit, texts: np.ndarray) -> list[torch.Tensor]:
        """What `WholeText` reads of the distinct texts `texts`."""
        documents = documents_of(split, texts, self.device)
        return super().text_inputs(split, texts) if documents is None else [documents]
