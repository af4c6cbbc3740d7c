"""Measures of predicted labels beside the plain definitions."""

import numpy as np
import pytest

from fico_lib.metrics.classification import (
    calibration_error,
    category_average_precision,
    f1,
    reliability,
)
from fico_lib.runtime.errors import InputError


def case(seed):
    rng = np.random.default_rng(seed)
    return rng.random((30, 4)), rng.random((30, 4)) < 0.3


@pytest.mark.parametrize("seed", range(5))
def test_average_precision_is_the_mean_precision_at_the_hits(seed):
    probabilities, labels = case(seed)
    for column, found in enumerate(category_average_precision(probabilities, labels)):
        hits, precisions = 0, []
        for rank, row in enumerate(np.argsort(-probabilities[:, column]), 1):
            if labels[row, column]:
                hits += 1
                precisions.append(hits / rank)
        assert found == pytest.approx(np.mean(precisions))


def test_a_category_of_no_image_has_no_average_precision():
    found = category_average_precision(np.ones((2, 2)), np.array([[True, False], [False, False]]))
    assert found[0] == 1
    assert np.isnan(found[1])


@pytest.mark.parametrize("seed", range(5))
def test_f1_is_the_harmonic_mean_of_precision_and_recall(seed):
    probabilities, labels = case(seed)
    predicted = probabilities > 0.6
    both = (predicted & labels).sum()
    precision, recall = both / predicted.sum(), both / labels.sum()
    micro, macro = f1(predicted, labels)
    assert micro == pytest.approx(2 * precision * recall / (precision + recall))
    columns = [f1(predicted[:, [c]], labels[:, [c]])[0] for c in range(4)]
    assert macro == pytest.approx(np.mean(columns))


def test_calibration_by_hand():
    probabilities = np.array([[0.9, 0.9, 0.9, 0.9, 0.2]])
    labels = np.array([[True, True, False, False, False]])
    said, found, share = reliability(probabilities, labels)
    assert said[[2, 9]] == pytest.approx([0.2, 0.9])
    assert found[[2, 9]] == pytest.approx([0.0, 0.5])
    assert share.sum() == pytest.approx(1)
    assert calibration_error(probabilities, labels) == pytest.approx(0.8 * 0.4 + 0.2 * 0.2)


def test_a_sure_and_right_labeller_is_calibrated():
    labels = np.eye(3, dtype=bool)
    assert calibration_error(labels.astype(float), labels) == 0  # 1.0 falls into the last bin


def test_shapes_must_agree():
    with pytest.raises(InputError, match=r"\(2, 3\) and labels of shape \(3, 2\)"):
        f1(np.ones((2, 3), bool), np.ones((3, 2), bool))
