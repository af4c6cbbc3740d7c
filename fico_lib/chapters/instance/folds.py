"""Rows of a cross-validation: every image is a query once, so that small differences show."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd

from fico_lib.chapters.instance.parameters import InstanceChapter
from fico_lib.chapters.instance.pooled import pooled
from fico_lib.encodings import Encodings
from fico_lib.evaluation import EvaluationResult, evaluate
from fico_lib.report.runs import Runs, by_model
from fico_lib.runtime.errors import InputError


@dataclass(frozen=True)
class CrossValidation:
    """R@k over the test images of all folds, each query against the candidates of its fold.

    recall: one row per model, direction and k, over the queries of all folds; folds: the same per
    fold; gaps: per fine-grained model, coarse-grained model, direction and k. Intervals are drawn
    over the images of all folds; that the folds' models share training images is not in them. All
    are empty without folds. images: how many were tested; candidates: of the largest fold, images
    and captions; numbers: the folds.
    """

    recall: pd.DataFrame = field(metadata={"file": "folds"})
    folds: pd.DataFrame = field(metadata={"file": "folds_each"})
    gaps: pd.DataFrame = field(metadata={"file": "folds_gaps"})
    images: int
    candidates: tuple[int, int]
    numbers: list[int]


def compare(encodings: Sequence[Encodings], parameters: InstanceChapter) -> CrossValidation:
    """Evaluate the encodings of all models in every fold: fold after fold, the same models in each.

    Of `parameters.recall_at`, the first two that every fold's candidates allow are used.
    """
    p, folds = parameters, parameters.folds
    if not folds:
        nothing = pd.DataFrame()
        return CrossValidation(nothing, nothing, nothing, 0, (0, 0), [])
    each = len(encodings) // len(folds)  # models
    firsts = encodings[::each]  # of each fold
    rows = image_rows(firsts)
    cuts = [k for k in p.recall_at if k <= min(fold.n_images for fold in firsts)][:2]
    judge = partial(
        evaluate, tasks="instance", recall_at=cuts, mode=p.mode, ties=p.ties, device=p.device
    )
    results = by_model((entry.model, judge(entry)) for entry in encodings)
    images = sum(map(len, rows))
    runs = Runs({m: [pooled(parts, rows)] for m, parts in results.items()}, images, p.resamples)
    return CrossValidation(
        recall=pd.DataFrame(runs.recalls(cuts)),
        folds=pd.DataFrame(_fold_rows(results, folds, cuts)),
        gaps=pd.DataFrame(runs.recall_gaps(cuts)),
        images=images,
        candidates=(max(e.n_images for e in firsts), max(e.n_captions for e in firsts)),
        numbers=folds,
    )


def image_rows(folds: Sequence[Encodings]) -> list[np.ndarray]:
    """The rows of each fold's images among those of all folds, one after the other.

    Raises InputError where an image is in two folds: its queries would count twice.
    """
    ids = np.concatenate([fold.image_ids for fold in folds])
    values, counts = np.unique(ids, return_counts=True)
    if (counts > 1).any():
        raise InputError(f"folds: image '{values[counts > 1][0]}' is in two; expected it in one")
    ends = np.cumsum([fold.n_images for fold in folds])
    return np.split(np.arange(len(ids)), ends[:-1])


def _fold_rows(found: dict[str, list[EvaluationResult]], folds: Sequence[int], cuts: Sequence[int]):
    for model, parts in found.items():
        for fold, part in zip(folds, parts, strict=True):
            for direction, one in part.instance.items():
                for k in cuts:
                    yield {
                        "model": model,
                        "fold": fold,
                        "direction": direction,
                        "k": k,
                        "percent": one[f"R@{k}"],
                        "chance_percent": one.chance[f"R@{k}"],
                        "queries": one.queries,
                    }
