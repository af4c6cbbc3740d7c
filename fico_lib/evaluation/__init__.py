"""The evaluation engine: encodings in, metrics out, without ever holding all pairs.

Instance: count what beats the positive (`counts`). Category from scores: sort keys that carry the
relevance in their lowest bit (`sort_keys`). Category from codes: a histogram over the distances
(`histogram`).

>>> import numpy as np
>>> from fico_lib.encodings import Scores
>>> scores = np.array([[0.9, 0.2, 0.1], [0.3, 0.4, 0.8]])
>>> result = evaluate(Scores(scores, None, np.array([0, 1, 1])), recall_at=(1,))
>>> result.instance["i2t"]["R@1"], result.instance["t2i"]["R@1"]
(100.0, 100.0)
"""

from fico_lib.evaluation.audit import audit
from fico_lib.evaluation.compare import Comparison, compare
from fico_lib.evaluation.engine import evaluate
from fico_lib.evaluation.result import DirectionResult, EvaluationResult
from fico_lib.evaluation.two_sets import evaluate_two_sets

__all__ = [
    "Comparison",
    "DirectionResult",
    "EvaluationResult",
    "audit",
    "compare",
    "evaluate",
    "evaluate_two_sets",
]
