"""Category retrieval with the own items left out of the candidates.

An image shares its labels with its own captions, so a model that finds these is rewarded at the
head of the ranking, whatever it knows of categories. Without them mAP@10 is about the others.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from fico_lib.encodings import Encodings, Scores
from fico_lib.evaluation import EvaluationResult, evaluate
from fico_lib.metrics import Ties
from fico_lib.models.factor_parameters import FactorParameters
from fico_lib.similarity.blocks import source

OWN_OUT = " without own items"  # after the name of an entry
DEPTH = 10
# The cells like the paper's fine-grained models, and like UCCH and DADH.
FINE = FactorParameters(supervision="pairs", bits=0, inputs="regions").variant
COARSE = tuple(
    FactorParameters(supervision=supervision, bits=64, inputs="whole").variant
    for supervision in ("contrastive", "labels")
)


def without_own(encodings: Encodings) -> Scores:
    """The scores of all pairs but those of an image and its own captions.

    All scores are held at once, float32, in both directions: for splits of thousands of images.
    """
    blocks, of = source(encodings), np.asarray(encodings.image_of_caption)
    captions, sides = np.arange(len(of)), []
    for direction, rows in (("i2t", np.arange(encodings.n_images)), ("t2i", captions)):
        scores = np.array(blocks.block(direction, rows), np.float32)
        scores[(of, captions) if direction == "i2t" else (captions, of)] = -np.inf
        sides.append(scores)
    return Scores(*sides, of, model=encodings.model, missing=-np.inf)


def own_out(
    made: Mapping[str, Sequence[Encodings]], labels: np.ndarray, ties: Ties, device: str
) -> dict[str, list[EvaluationResult]]:
    """mAP@10 without own items, of the seeds of those cells that stand for the paper's kinds.

    made: the encodings of each seed by name; labels: (n_images, n_categories) bool.
    """
    how = {"tasks": "category", "map_at": DEPTH, "empty": "skip", "ties": ties, "device": device}
    return {
        name: [evaluate(without_own(e), labels, **how) for e in made[name]]
        for name in (FINE, *COARSE)
        if name in made
    }
