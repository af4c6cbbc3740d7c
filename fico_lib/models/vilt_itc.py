"""ViLT with contrast: the model `vilt`, and an alignment of words and regions over the whole batch.

Not a published model: it tells how much of ViLT's distance from the others is due to its limited
set of negatives. To the loss of `fico_lib.models.vilt` it adds an InfoNCE of alignments a(i, t) of
all b images and texts of a batch,

    a(i, t) = mean over the words w of 1/10 log sum over the regions r of exp(10 cos(q_w, k_r))

where q and k are the queries and keys of the first block: words learn which regions to look at
(Yao et al. 2021, "FILIP: Fine-grained Interactive Language-Image Pre-Training", Section 3.1, the
maximum softened by a log-sum-exp). The scores that rank are those of `vilt`.
"""

from dataclasses import replace

import torch
from torch.nn.functional import normalize

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.losses import info_nce
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.layers.padding import inside
from fico_lib.models.layers.scale import Scale
from fico_lib.models.vilt import ViLT, ViLTNetwork

SHARPNESS = 10.0  # of the log-sum-exp over regions: the larger, the nearer to the maximum
FIRST_SCALE = 5.0


class AligningNetwork(ViLTNetwork):
    """ViLT's network, whose first block's queries and keys are compared."""

    def __init__(self, train: FeatureSplit, parameters: TrainingParameters):
        super().__init__(train, parameters)
        self.scale = Scale(FIRST_SCALE)

    def alignments(self, images, texts) -> torch.Tensor:
        """How well words find regions: (a, b), of what `pairs` takes."""
        (v, _), (w, lengths) = images, texts
        query = normalize(w[:, 1:].split(self.width, 2)[1], dim=2)
        key = normalize(v.split(self.width, 2)[2], dim=2)
        words = inside(query.shape[1], lengths - 1)
        cosines = (query[words] @ key.flatten(0, 1).T).unflatten(1, key.shape[:2])
        of_words = (SHARPNESS * cosines).logsumexp(2) / SHARPNESS  # (words, a)
        text_of_word = words.nonzero()[:, 0]
        total = of_words.new_zeros(len(w), len(v)).index_add(0, text_of_word, of_words)
        return (total / (lengths - 1).clamp(min=1)[:, None]).T


class ViLTITC(ViLT):
    """The model `vilt_itc`."""

    network_class = AligningNetwork
    card = replace(
        ViLT.card,
        name="vilt_itc",
        title="ViLT + ITC",
        note="not published: ViLT with a contrastive loss over the batch",
        objective="differs: ViLT's, and a contrast of words and regions over the batch",
    )

    def of_pairs(self, images, texts) -> torch.Tensor:
        """ViLT's loss and the InfoNCE of the alignments."""
        aligned = self.network.scale(self.network.alignments(images, texts))
        return super().of_pairs(images, texts) + info_nce(aligned)
