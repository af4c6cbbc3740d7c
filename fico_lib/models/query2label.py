"""Query2Label: labels for images that nobody labelled, from a transformer decoder.

The paper labels Flickr30K with such a model, because category-level retrieval needs labels and
Flickr30K has none. Each category is a learned query; the queries attend to the regions of an image
and to each other, and each answers with the probability that its category is there:

    Q <- decoder(queries, regions),   p_c = sigmoid(w_c . Q_c + b_c)
    loss = -1/C  sum over c of  y_c log p_c + (1 - y_c) p_c log(1 - p_c)

Source: Liu et al. 2021, "Query2Label: A Simple Transformer Way to Multi-Label Classification",
Sections 3.2 and 3.3; the loss is its simplified asymmetric one with gamma+ = 0 and gamma- = 1.
What differs here: one decoder layer, and this study's region features instead of a network's
feature map.

It stands among the models, not among the data sets: what it reads are features, and what stands
left of the features cannot import them.
"""

from typing import ClassVar

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.card import ModelCard
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.selection import average_precision
from fico_lib.models.base.trained import Trained
from fico_lib.models.base.training import Batch, images_of
from fico_lib.models.layers.regions import described, region_size
from fico_lib.runtime.devices import threads

HEADS, EXPANSION = 4, 2
BLOCK = 1000  # images labelled at once
THRESHOLDS = np.arange(1, 20) / 20


class LabelDecoder(nn.Module):
    """The network: one learned query per category, asked of an image's regions."""

    def __init__(self, inputs: int, categories: int, parameters: TrainingParameters):
        super().__init__()
        width, dropout = parameters.width, parameters.dropout
        self.regions = nn.Linear(inputs, width)
        self.queries = nn.Parameter(torch.randn(categories, width) / width**0.5)
        layer = width, HEADS, EXPANSION * width, dropout
        self.layer = nn.TransformerDecoderLayer(*layer, batch_first=True)
        self.weights = nn.Parameter(torch.randn(categories, width) / width**0.5)
        self.bias = nn.Parameter(torch.zeros(categories))
        self.register_buffer("threshold", torch.tensor(0.5))

    def forward(self, regions: torch.Tensor, boxes: torch.Tensor | None) -> torch.Tensor:
        """regions (b, r, d), boxes (b, r, 4) or None -> (b, categories), log odds."""
        seen = self.regions(described(regions, boxes))
        answers = self.layer(self.queries.expand(len(seen), -1, -1), seen)
        return (answers * self.weights).sum(2) + self.bias


def asymmetric_loss(log_odds: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The mean loss of the entries (b, c), labels float: a sure negative counts little.

    Source: Liu et al. 2021, Eq. 6, with gamma+ = 0 and gamma- = 1.
    """
    present = functional.logsigmoid(log_odds)
    absent = functional.logsigmoid(-log_odds) * torch.sigmoid(log_odds)
    return -(labels * present + (1 - labels) * absent).mean()


class Query2Label(Trained):
    """The labeller `query2label`: `fit` on labelled splits, then `probabilities` or `labels`."""

    shares: ClassVar = {"batch_size": 1 / 2, "width": 1 / 2}  # every category asks every region
    card = ModelCard(
        name="query2label",
        title="Query2Label",
        dimension="one per category",
        reference="Liu et al. 2021",
        needs=("regions", "labels"),
        positions=True,
        note="a labeller: it answers with labels, not with encodings",
        objective="as published, with gamma- = 1",
        architecture="differs: one decoder layer, on region features instead of a feature map",
        selection="differs: by the mean average precision of categories on the validation split",
    )

    def build(self, train: FeatureSplit) -> nn.Module:
        """The decoder for the regions and the categories of `train`."""
        self.check(train)
        return LabelDecoder(region_size(train), train.labels.shape[1], self.parameters)

    def fit(
        self, train_split: FeatureSplit, val: FeatureSplit, extra: FeatureSplit | None = None
    ) -> None:
        """Train, choosing the weights and the threshold by the labels of `val`.

        The threshold is the one of 0.05, 0.10, ... with the best micro-averaged F1.
        """
        super().fit(train_split, val, extra)
        known, probable = np.array(val.labels), self.probabilities(val)
        best = max(THRESHOLDS, key=lambda threshold: micro_f1(probable >= threshold, known))
        self.network.threshold.fill_(best)

    def loss(self, batch: Batch) -> torch.Tensor:
        """The asymmetric loss of a batch."""
        return asymmetric_loss(self.network(batch.regions, batch.boxes), batch.labels)

    def validation_score(self, val: FeatureSplit) -> float:
        """The mean average precision of the categories, each a query among the images."""
        known = torch.from_numpy(np.array(val.labels, np.float32)).to(self.device)
        each = torch.eye(known.shape[1], device=self.device)
        return average_precision(each, self._probabilities(val), each, known)

    @torch.inference_mode()
    def _probabilities(self, split: FeatureSplit) -> torch.Tensor:
        blocks = np.array_split(np.arange(len(split.image_ids)), -(-len(split.image_ids) // BLOCK))
        inputs = (images_of(split, rows, self.device)[:2] for rows in blocks)
        return torch.sigmoid(torch.cat([self.network(*x) for x in inputs]))

    def probabilities(self, split: FeatureSplit) -> np.ndarray:
        """(n_images, n_categories) float32; the labels of `split` are not read."""
        if self.network is None:
            raise RuntimeError("Query2Label is not trained: call fit first")
        if split.regions is None:
            raise self.card.lacks("regions", split.name)
        with threads(self.parameters.threads):
            return self._probabilities(self.view(split)).cpu().numpy()

    @property
    def threshold(self) -> float:
        """The least probability at which an image gets a label."""
        return self.network.threshold.item()

    def labels(self, split: FeatureSplit) -> np.ndarray:
        """Synthetic labels (n_images, n_categories) bool: at least as probable as the threshold."""
        return self.probabilities(split) >= self.threshold


def micro_f1(predicted: np.ndarray, known: np.ndarray) -> float:
    """F1 over all entries of two boolean matrices at once, from 0 to 1; 0 where both are empty.

    It chooses the threshold and is never reported: like the scores of `models.base.selection`.
    """
    return 2 * (predicted & known).sum() / max(predicted.sum() + known.sum(), 1)
