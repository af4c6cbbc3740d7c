"""Metrics by name: one name each, and errors that know the nearest."""

import numpy as np
import pytest

from fico_lib.metrics.conventions import Conventions
from fico_lib.metrics.registry import metric
from fico_lib.runtime.errors import InputError


@pytest.mark.parametrize("name", ["R@1", "R@1000", "MedR", "MeanR", "mAP@10", "mAP@N"])
def test_a_metric_has_one_name(name):
    assert str(metric(name)) == name
    assert metric(name) == metric(name)


def test_k_belongs_to_the_identity():
    assert metric("R@1") != metric("R@5")
    assert metric("mAP@N").depth(7) == (7,)
    assert metric("mAP@10").depth(7) == (10,)
    assert metric("R@5").depth(7) == (5,)
    assert metric("MedR").depth(7) == ()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("mAP@all", "mAP@N"), ("mAP", "mAP@N"), ("MAP@10", "mAP@10"), ("MedR@5", "MedR"),
        ("Recall@5", "R@5"), ("R@05", "R@5"), ("R@0", "R@N"), ("r@1", "R@1"), ("meanR", "MeanR"),
    ],
)  # fmt: skip
def test_an_unknown_name_is_told_the_nearest(name, nearest):
    with pytest.raises(InputError, match=f"unknown metric '{name}'.*'{nearest}'"):
        metric(name)


def test_the_conventions_name_the_metrics_of_a_task():
    conventions = Conventions(recall_at=(1, 5), map_at=(10, "all"))
    assert [*map(str, conventions.of("instance"))] == ["R@1", "R@5", "MedR", "MeanR"]
    assert [*map(str, conventions.of("category"))] == ["mAP@10", "mAP@N"]


def test_the_mean_leaves_out_nan_and_does_not_know_infinity():
    assert metric("MeanR").mean(np.array([1, np.nan, 3])) == 2
    assert metric("MeanR").mean(np.array([1, np.inf, 3])) is None
    assert metric("MedR").mean(np.array([1, np.inf, 3])) == 3
    assert metric("MedR").mean(np.array([np.nan])) is None


def test_a_k_beyond_the_numbers_of_arrays_is_refused():
    with pytest.raises(InputError, match="found a k of 5000 digits"):
        metric("R@" + "9" * 5000)
    with pytest.raises(InputError, match="at most 4611686018427387904"):
        Conventions(recall_at=(2**62 + 1,))
