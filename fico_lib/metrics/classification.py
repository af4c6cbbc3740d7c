"""How good predicted labels are: average precision, F1 and calibration of a multi-label classifier.

Everywhere: probabilities (n, c) float in [0, 1], labels (n, c) bool, n images and c categories.
"""

import numpy as np

from fico_lib.runtime.errors import InputError


def _checked(predicted: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if predicted.shape != labels.shape or predicted.ndim != 2:
        raise InputError(
            f"predictions of shape {predicted.shape} and labels of shape {labels.shape}; "
            "expected one row per image and one column per category in both"
        )
    return predicted, labels.astype(bool)


def category_average_precision(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Average precision of each category (c,): its images ranked by probability, over all ranks.

    The classifiers' mAP is the mean over categories; NaN for a category that no image has. Equal
    probabilities stand in the order of the rows.

    >>> p = np.array([[0.9], [0.8], [0.1]])
    >>> category_average_precision(p, np.array([[True], [False], [True]])).round(3)
    array([0.833])
    """
    probabilities, labels = _checked(probabilities, labels)
    order = np.argsort(-probabilities, axis=0, kind="stable")
    ranked = np.take_along_axis(labels, order, axis=0)
    precision = ranked.cumsum(0) / np.arange(1, len(ranked) + 1)[:, None]
    total = ranked.sum(0)
    return np.where(total > 0, (precision * ranked).sum(0) / np.maximum(total, 1), np.nan)


def f1(predicted: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """(micro, macro) F1 = 2 tp / (2 tp + fp + fn): over all entries, and the mean over categories.

    predicted: (n, c) bool. A category that neither has counts as 0 in the mean.

    >>> f1(np.array([[True, True]]), np.array([[True, False]]))
    (0.6666666666666666, 0.5)
    """
    predicted, labels = _checked(predicted, labels)
    both, either = (predicted & labels).sum(0), predicted.sum(0) + labels.sum(0)
    micro = 2 * both.sum() / max(either.sum(), 1)
    return float(micro), float((2 * both / np.maximum(either, 1)).mean())


def reliability(
    probabilities: np.ndarray, labels: np.ndarray, bins: int = 10
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(said, found, share) per bin of equal width, over all entries; each (bins,), NaN if empty.

    said: the mean probability; found: how many of the entries are labelled; share: of all entries.

    >>> said, found, share = reliability(np.array([[0.1, 0.3]]), np.array([[False, True]]), bins=2)
    >>> said.tolist(), found.tolist(), share.tolist()
    ([0.2, nan], [0.5, nan], [1.0, 0.0])
    """
    probabilities, labels = _checked(probabilities, labels)
    p, y = probabilities.ravel().astype(np.float64), labels.ravel()
    which = np.minimum((p * bins).astype(int), bins - 1)
    count = np.bincount(which, minlength=bins)
    with np.errstate(invalid="ignore"):
        said = np.bincount(which, p, bins) / count
        found = np.bincount(which, y, bins) / count
    return said, found, count / len(p)


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error: the mean gap between said and found, weighted by the bins.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", Eq. 3, over all entries.
    """
    said, found, share = reliability(probabilities, labels, bins)
    return float(np.nansum(np.abs(said - found) * share))
