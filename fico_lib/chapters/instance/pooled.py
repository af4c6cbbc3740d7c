"""Results over disjoint parts of the images as one: over classes, or the folds of a data set."""

from collections.abc import Sequence

import numpy as np

from fico_lib.evaluation import EvaluationResult
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.evaluation.result import DirectionResult
from fico_lib.metrics.registry import metric


def pooled(parts: Sequence[EvaluationResult], images: Sequence[np.ndarray]) -> EvaluationResult:
    """R@k of the instance task over the queries of all parts, each against its own candidates.

    images: for each part, (n_images of it,) int64, the row of each of its images in the whole; no
    image is in two parts. Every query counts once, so that larger parts weigh more. The queries of
    the result stand part after part; its `candidates` are those of the largest part. A metric is
    None where a part has none.
    """
    found = {
        direction: _direction([part.instance[direction] for part in parts], images)
        for direction in DIRECTIONS
    }
    return EvaluationResult(found, None, parts[0].conventions, parts[0].about)


def _direction(parts: list[DirectionResult], images: Sequence[np.ndarray]) -> DirectionResult:
    shares = np.array([part.queries for part in parts]) / sum(part.queries for part in parts)
    columns = {n: metric(n).column for n in parts[0].metrics if metric(n).unit == "%"}
    names = list(columns)
    known = [name for name in names if all(part[name] is not None for part in parts)]

    def mean(values: list) -> float:
        return float(shares @ np.array(values))

    return DirectionResult(
        metrics={name: mean([part[name] for part in parts]) if name in known else None
                 for name in names},
        chance={name: mean([part.chance[name] for part in parts]) for name in names},
        tie_interval={
            name: tuple(mean([part.tie_interval[name][end] for part in parts]) for end in (0, 1))
            if name in known else None
            for name in names
        },
        per_query={
            column: np.concatenate([part.per_query[column] for part in parts])
            for column in columns.values()
        },
        clusters=np.concatenate(
            [rows[part.clusters] for part, rows in zip(parts, images, strict=True)]
        ),
        queries=sum(part.queries for part in parts),
        candidates=max(part.candidates for part in parts),
        empty_queries=sum(part.empty_queries for part in parts),
    )  # fmt: skip
