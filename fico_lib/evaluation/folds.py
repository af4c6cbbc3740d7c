"""COCO-1K: each of five folds of 1,000 images, with its captions, is a gallery of its own."""

from collections.abc import Iterator

import numpy as np

from fico_lib.evaluation.relevance import Positives
from fico_lib.runtime.errors import InputError

FOLDS, IMAGES = 5, 1000


class Folds:
    """The folds of queries and candidates in one direction: images in the order of the data.

    As the 5,000 test images of COCO are divided since Karpathy and Fei-Fei 2015, "Deep
    Visual-Semantic Alignments"; `coco_1k_recalls` of eccv_caption.
    """

    def __init__(self, direction: str, image_of_caption: np.ndarray, n_images: int):
        if n_images != FOLDS * IMAGES:
            raise InputError(
                f"COCO-1K: found {n_images} images; expected {FOLDS} folds of {IMAGES}"
            )
        images, captions = np.arange(n_images) // IMAGES, image_of_caption // IMAGES
        sides = (images, captions) if direction == "i2t" else (captions, images)
        self.of_query: np.ndarray = sides[0]
        self.of_candidate: np.ndarray = sides[1]
        self.members = [np.flatnonzero(self.of_candidate == fold) for fold in range(FOLDS)]

    def parts(
        self, rows: np.ndarray, scores, positives: np.ndarray
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """For each fold: places in `rows`, scores of its own candidates, positives among these.

        scores: (b, m); positives: (b, p) candidates, -1 where there is none, as is returned.
        """
        own = self.of_query[rows]
        for fold in np.unique(own):
            queries, members = np.flatnonzero(own == fold), self.members[fold]
            kept = positives[queries]
            inside = (kept >= 0) & (self.of_candidate[kept] == fold)
            yield (
                queries,
                scores[queries][:, members],
                np.where(inside, np.searchsorted(members, kept), -1),
            )

    def sizes(self, rows: np.ndarray, positives: Positives) -> tuple[np.ndarray, np.ndarray]:
        """Of the queries `rows`: positives in the own fold, and candidates there, (n,) each."""
        query, candidate = positives.pairs(rows)
        inside = self.of_candidate[candidate] == self.of_query[rows][query]
        relevant = np.bincount(query[inside], minlength=len(rows))
        return relevant, np.array([len(m) for m in self.members])[self.of_query[rows]]
