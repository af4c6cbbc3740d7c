"""Category retrieval with the own items left out of the candidates.

An image shares its labels with its own captions, so a model that finds these is rewarded at the
head of the ranking, whatever it knows of categories. Without them mAP@10 is about the others.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from fico_lib.encodings import Encodings
from fico_lib.evaluation import EvaluationResult, evaluate
from fico_lib.metrics import Ties
from fico_lib.models.factor_parameters import FactorParameters

OWN_OUT = " without own items"  # after the name of an entry
DEPTH = 10
# The cells like the paper's fine-grained models, and like UCCH and DADH.
FINE = FactorParameters(supervision="pairs", bits=0, inputs="regions").variant
COARSE = tuple(
    FactorParameters(supervision=supervision, bits=64, inputs="whole").variant
    for supervision in ("contrastive", "labels")
)


def own_out(
    made: Mapping[str, Sequence[Encodings]], labels: np.ndarray, ties: Ties, device: str
) -> dict[str, list[EvaluationResult]]:
    """mAP@10 without own items, of the seeds of those cells that stand for the paper's kinds.

    made: the encodings of each seed by name; labels: (n_images, n_categories) bool.
    """
    how = {"map_at": DEPTH, "empty": "skip", "ties": ties, "device": device}
    return {
        name: [evaluate(e, labels, tasks="category", without_own=True, **how) for e in made[name]]
        for name in (FINE, *COARSE)
        if name in made
    }
