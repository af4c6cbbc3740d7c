"""Two stages of retrieval: embeddings rank all candidates, a model with attention their best."""

from dataclasses import dataclass

import numpy as np

from fico_lib.encodings import Embeddings, Scores
from fico_lib.runtime.errors import InputError
from fico_lib.similarity import similarity

ABSENT = -np.inf
ABOVE = 1000.0  # lifts reordered candidates above the rest, whatever the scores' range


@dataclass(frozen=True)
class Stages:
    """The scores of both stages in one direction: (queries, candidates) float."""

    first: np.ndarray
    second: np.ndarray

    def reranked(self, k: int) -> np.ndarray:
        """The second's scores of each query's best k by the first, -inf elsewhere: float32."""
        best = np.argpartition(-self.first, k - 1, axis=1)[:, :k]
        scores = np.full(self.second.shape, ABSENT, np.float32)
        np.put_along_axis(scores, best, np.take_along_axis(self.second, best, 1), 1)
        return scores

    def reordered(self, k: int) -> np.ndarray:
        """A ranking of all: each query's best k by the first in the order of the second, the rest.

        Candidates that tie with the k-th are among the best. The scores are float64: in float32,
        the constant that lifts the best would make ties.
        """
        kth = -np.partition(-self.first, k - 1, axis=1)[:, k - 1 : k]
        lifted = np.asarray(self.second, np.float64) + ABOVE
        return np.where(self.first >= kth, lifted, self.first)


def stages(first: Embeddings, second: Scores) -> dict[str, Stages]:
    """Both stages by direction; InputError where the two are not of the same items."""
    for name in ("image_ids", "caption_ids"):
        if not np.array_equal(getattr(first, name), getattr(second, name)):
            raise InputError(
                f"'{first.model}' and '{second.model}' differ in {name}; expected encodings of "
                "the same data"
            )
    if not isinstance(first, Embeddings) or not isinstance(second, Scores):
        raise InputError(
            f"found {type(first).__name__} of '{first.model}' and {type(second).__name__} of "
            f"'{second.model}'; expected embeddings, such as vse's, and scores, such as scan's"
        )
    if second.missing is not None:
        raise InputError(f"'{second.model}' scores only some pairs; expected all, as scan gives")
    scores = similarity(first.images, first.texts, first.measure)
    other = second.i2t.T if second.t2i is None else second.t2i
    return {"i2t": Stages(scores, second.i2t), "t2i": Stages(scores.T, other)}
