"""Bootstrap intervals and the paired test."""

import numpy as np
import pytest

from fico_lib.metrics.uncertainty import bootstrap_interval, paired_test
from fico_lib.runtime.errors import InputError


def test_the_interval_of_independent_values_is_the_usual_one():
    values = np.random.default_rng(0).standard_normal(2000)
    low, high = bootstrap_interval(values)
    error = values.std() / np.sqrt(len(values))
    assert low == pytest.approx(values.mean() - 1.96 * error, abs=0.2 * error)
    assert high == pytest.approx(values.mean() + 1.96 * error, abs=0.2 * error)


def test_five_captions_of_an_image_are_no_five_images():
    """Identical values within a cluster: the interval is that of the clusters, sqrt(5) wider."""
    images = np.random.default_rng(0).standard_normal(800)
    values, clusters = np.repeat(images, 5), np.repeat(np.arange(800), 5)
    clustered = np.diff(bootstrap_interval(values, clusters))
    assert clustered == pytest.approx(np.diff(bootstrap_interval(images)), rel=0.1)
    assert clustered == pytest.approx(np.sqrt(5) * np.diff(bootstrap_interval(values)), rel=0.1)


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng, covered = np.random.default_rng(0), 0
    for seed in range(200):
        effect = np.repeat(rng.standard_normal(60), 5)
        values = effect + rng.standard_normal(300)
        low, high = bootstrap_interval(
            values, np.repeat(np.arange(60), 5), samples=400, seed=seed, level=0.9
        )
        covered += low <= 0 <= high
    assert 0.82 <= covered / 200 <= 0.96


def test_skipped_queries_and_other_statistics():
    values = np.array([1.0, np.nan, 3.0, 5.0])
    assert bootstrap_interval(values, samples=200) == bootstrap_interval(values[[0, 2, 3]],
                                                                         samples=200)  # fmt: skip
    low, high = bootstrap_interval(values, statistic=np.median, samples=200)
    assert 1 <= low <= 3 <= high <= 5
    assert bootstrap_interval(np.ones(4)) == (1.0, 1.0)
    assert bootstrap_interval(np.arange(9), seed=1) == bootstrap_interval(np.arange(9), seed=1)


def test_a_difference_is_found_and_its_absence_too():
    rng = np.random.default_rng(0)
    base = rng.random(500)
    better = base + 0.05 + 0.1 * rng.standard_normal(500)
    found = paired_test(better, base, samples=2000)
    assert found.p_value < 0.01
    assert found.low < 0.05 < found.high
    assert found.low > 0
    assert paired_test(base, base, samples=200).p_value == 1
    assert paired_test(base, base, samples=200).difference == 0


def test_the_test_rejects_as_often_as_it_says_when_captions_are_clustered():
    rng, rejected = np.random.default_rng(1), 0
    clusters = np.repeat(np.arange(40), 5)
    for seed in range(200):
        difference = np.repeat(rng.standard_normal(40), 5) + 0.3 * rng.standard_normal(200)
        found = paired_test(difference, np.zeros(200), clusters, samples=300, seed=seed)
        rejected += found.p_value <= 0.05
    assert rejected / 200 <= 0.1


def test_the_exact_permutation_test_of_three_queries():
    """All eight sign flips of (1, 2, 3): two are as extreme as the sum 6, so p is about 1/4."""
    found = paired_test(np.array([1.0, 2, 3]), np.zeros(3), samples=20_000)
    assert found.p_value == pytest.approx(1 / 4, abs=0.015)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bootstrap_interval(np.array([])), "no query has a value"),
        (lambda: bootstrap_interval(np.array([np.nan])), "no query has a value"),
        (lambda: bootstrap_interval(np.ones(3), np.ones(2)), "expected one each"),
        (lambda: bootstrap_interval(np.ones(3), level=95), "between 0 and 1"),
        (lambda: paired_test(np.ones(3), np.ones(2)), "the same queries"),
        (lambda: paired_test(np.array([1, np.nan]), np.ones(2)), "left out of one model"),
    ],
)
def test_what_cannot_be_drawn(call, message):
    with pytest.raises(InputError, match=message):
        call()
