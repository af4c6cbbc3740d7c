"""Factor: one dual encoder whose supervision, code length and inputs are chosen one by one.

Not a published model. The paper's coarse-grained models differ from its fine-grained ones in their
objective, in their bits and in what they read, all at once; here each is a factor of its own, and
all else is equal (`FactorParameters`):

- supervision: "pairs", the InfoNCE of matching pairs; "contrastive", the loss of
  `fico_lib.models.ucch` with its memory bank; "labels", the weighted triplets of DADH, a mean over
  anchors and negatives in both directions;
- bits: 0, embeddings compared by cosine; or codes, the signs of h = tanh(...), whose distance from
  -1 and 1 adds ((|h_i| - 1)^2 + (|h_t| - 1)^2) / 10, a mean over bits, whatever the supervision;
- inputs: "regions" with a GRU over the words, or the whole image with the text as one vector.

The weights kept are those with the best recall of pairs under "pairs", and with the best mean
average precision otherwise, where the validation split has labels: what each supervision is for.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from fico_lib.encodings import Codes, Embeddings
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.adv import QUANTISATION, quantisation
from fico_lib.models.base.binary import BinaryModel, code_precision_sum
from fico_lib.models.base.card import ModelCard
from fico_lib.models.base.losses import info_nce, weighted_triplet
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.selection import precision_sum, recall_sum
from fico_lib.models.base.training import Batch
from fico_lib.models.base.whole_text import WholeText, WholeTextModel, text_inputs_of
from fico_lib.models.factor_parameters import FactorParameters
from fico_lib.models.layers.scale import Scale
from fico_lib.models.ucch import MemoryBank
from fico_lib.models.vse import FIRST_SCALE, DualEncoder, unit

NOT_PUBLISHED = "not published"


class WholeEncoder(nn.Module):
    """Vectors of whole images and of texts read as one vector, in one space."""

    def __init__(
        self,
        train: FeatureSplit,
        parameters: TrainingParameters,
        finish: Callable[[torch.Tensor], torch.Tensor],
    ):
        super().__init__()
        self.finish = finish
        wide, dropout = 2 * parameters.width, nn.Dropout(parameters.dropout)
        self.image, self.text = nn.Linear(train.whole.shape[1], wide), WholeText(train, wide)
        self.from_image, self.from_text = (
            nn.Sequential(nn.ReLU(), dropout, nn.Linear(wide, parameters.dimension))
            for _ in range(2)
        )
        self.scale = Scale(FIRST_SCALE)

    def images(self, regions, boxes, whole) -> torch.Tensor:
        """(b, inputs) -> (b, dimension); regions are not used."""
        return self.finish(self.from_image(self.image(whole)))

    def texts(self, *inputs) -> torch.Tensor:
        """What `WholeText` reads of b texts -> (b, dimension)."""
        return self.finish(self.from_text(self.text(*inputs)))


class Factor(WholeTextModel, BinaryModel):
    """The model `factor`."""

    card = ModelCard(
        name="factor",
        title="Factor",
        granularity="CG",
        dimension="{p.size}D",
        image_features="regions or whole image",
        text_features="words or Doc2Vec",
        dtype="1 bit or f32",
        reference="Williams-Lekuona 2025",
        needs=(),
        note="not published: supervision, bits and inputs one by one",
        objective=f"{NOT_PUBLISHED}: InfoNCE of pairs, UCCH's loss, or DADH's triplets alone",
        architecture=f"{NOT_PUBLISHED}: VSE's encoders, or two layers on whole features",
        selection=f"{NOT_PUBLISHED}: recall under pairs, mAP otherwise",
    )
    parameters: FactorParameters

    @classmethod
    def adjusted(cls, parameters: TrainingParameters) -> FactorParameters:
        """The parameters with the factors, at their defaults where they are not given."""
        return FactorParameters(**super().adjusted(parameters).model_dump())

    def build(self, train: FeatureSplit) -> nn.Module:
        """The encoders for the sizes of `train`, and a memory bank for its pairs.

        Raises InputError where `train` lacks what the factors need.
        """
        p = self.parameters
        wanted = {"regions": p.inputs == "regions", "labels": p.supervision == "labels"}
        for need in wanted:
            if wanted[need] and getattr(train, need) is None:
                raise self.card.lacks(need, train.name)
        self.bank = MemoryBank(len(train.image_ids), p.size, self.device, bool(p.bits))
        network = DualEncoder if p.inputs == "regions" else WholeEncoder
        sized = p.model_copy(update={"dimension": p.size})
        return network(train, sized, torch.tanh if p.bits else unit)

    def text_inputs(self, split: FeatureSplit, texts: np.ndarray) -> list[torch.Tensor]:
        """Words, or what `WholeText` reads."""
        if self.parameters.inputs == "regions":
            return BinaryModel.text_inputs(self, split, texts)
        return super().text_inputs(split, texts)

    def loss(self, batch: Batch) -> torch.Tensor:
        """The loss of the supervision, and the quantisation of codes."""
        words = [batch.tokens, batch.lengths]
        read = words if self.parameters.inputs == "regions" else text_inputs_of(batch)
        images = self.network.images(batch.regions, batch.boxes, batch.whole)
        texts = self.network.texts(*read)
        loss = self._supervised(unit(images), unit(texts), batch)
        if not self.parameters.bits:
            return loss
        return loss + QUANTISATION * (quantisation(images) + quantisation(texts))

    def _supervised(self, images, texts, batch: Batch) -> torch.Tensor:
        cosines, supervision = images @ texts.T, self.parameters.supervision
        if supervision == "pairs":
            return info_nce(self.network.scale(cosines))
        if supervision == "contrastive":
            return self.bank.loss(images, texts, batch.rows)
        shared = batch.labels @ batch.labels.T
        triplets = weighted_triplet(cosines, shared) + weighted_triplet(cosines.T, shared)
        return triplets / len(cosines) ** 2

    def after_pass(self) -> None:
        """Count the passes: from the second one on the memory bank is used."""
        self.bank.passes += 1

    def score(self, images: torch.Tensor, texts: torch.Tensor, val: FeatureSplit) -> float:
        """Recalls of pairs, or mean average precisions, on the validation split, summed."""
        bits = self.parameters.bits
        if self.parameters.supervision != "pairs" and val.labels is not None:
            return (code_precision_sum if bits else precision_sum)(images, texts, val)
        if bits:
            return super().score(images, texts, val)
        rows = torch.from_numpy(np.array(val.image_of_caption)).to(images.device)
        return recall_sum(images, texts, rows)

    def pack(
        self, images: torch.Tensor, texts: torch.Tensor, split: FeatureSplit
    ) -> Codes | Embeddings:
        """Codes, or embeddings compared by cosine."""
        if self.parameters.bits:
            return super().pack(images, texts, split)
        return Embeddings(images.cpu().numpy(), texts.cpu().numpy(), measure="cosine",
                          **self.about(split))  # fmt: skip
