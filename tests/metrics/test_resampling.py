"""Bootstrap draws that are shared: against the plain bootstrap, and paired."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fico_lib.metrics.resampling import Resampling, paired_test
from fico_lib.runtime.errors import InputError

ONE_EACH = np.arange(200)


def interval(values, clusters, samples=2000, seed=0, level=0.95):
    n_images = int(clusters.max()) + 1
    return Resampling(n_images, samples, seed).estimate([values], clusters).interval(level)


def plain_bootstrap(values, clusters, samples):
    """The percentile interval of the mean, from clusters that are drawn one by one."""
    rng, members = np.random.default_rng(0), [values[clusters == c] for c in np.unique(clusters)]
    draws = [
        np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))]).mean()
        for _ in range(samples)
    ]
    return np.quantile(draws, [0.025, 0.975])


def test_intervals_are_those_of_the_plain_bootstrap():
    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(200), 5)
    values = rng.random(1000) + rng.random(200)[clusters]
    ours = Resampling(200, 4000).estimate([values], clusters).interval()
    assert ours == pytest.approx(plain_bootstrap(values, clusters, 4000), abs=0.01)
    unclustered = Resampling(1000, 4000).estimate([values], np.arange(1000)).interval()
    assert unclustered[1] - unclustered[0] < 0.7 * (ours[1] - ours[0])


def test_the_interval_of_independent_values_is_the_usual_one():
    values = np.random.default_rng(0).standard_normal(2000)
    low, high = interval(values, np.arange(2000))
    error = values.std() / np.sqrt(len(values))
    assert low == pytest.approx(values.mean() - 1.96 * error, abs=0.2 * error)
    assert high == pytest.approx(values.mean() + 1.96 * error, abs=0.2 * error)


def test_five_captions_of_an_image_are_no_five_images():
    """Identical values within a cluster: the interval is that of the clusters, sqrt(5) wider."""
    images = np.random.default_rng(0).standard_normal(800)
    values, clusters = np.repeat(images, 5), np.repeat(np.arange(800), 5)
    clustered = np.diff(interval(values, clusters))
    assert clustered == pytest.approx(np.diff(interval(images, np.arange(800))), rel=0.1)
    alone = np.diff(interval(values, np.arange(4000)))
    assert clustered == pytest.approx(np.sqrt(5) * alone, rel=0.1)


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng, covered, clusters = np.random.default_rng(0), 0, np.repeat(np.arange(60), 5)
    for seed in range(200):
        values = np.repeat(rng.standard_normal(60), 5) + rng.standard_normal(300)
        low, high = interval(values, clusters, samples=400, seed=seed, level=0.9)
        covered += low <= 0 <= high
    assert 0.82 <= covered / 200 <= 0.96


def test_the_same_seed_draws_the_same_images():
    assert interval(np.arange(9), np.arange(9), seed=1) == interval(
        np.arange(9), np.arange(9), seed=1
    )


def test_differences_are_paired():
    values = np.random.default_rng(1).random(200)
    resampling = Resampling(200)
    a, b = (resampling.estimate([v], ONE_EACH) for v in (values + 0.1, values))
    assert (a - b).value == pytest.approx(0.1)
    assert (a - b).interval() == pytest.approx((0.1, 0.1))  # the same in every draw
    assert (a + b).value == pytest.approx(2 * values.mean() + 0.1)


def test_runs_that_differ_widen_the_interval():
    values = np.random.default_rng(2).random(200)
    alike = Resampling(200).estimate([values, values, values], ONE_EACH)
    apart = Resampling(200).estimate([values - 0.3, values, values + 0.3], ONE_EACH)
    assert apart.value == pytest.approx(alike.value)
    width = [high - low for low, high in (alike.interval(), apart.interval())]
    assert width[1] > 3 * width[0]


@given(st.integers(1, 20), st.floats(-1e6, 1e6))
def test_equal_values_have_an_interval_of_no_width(n, value):
    found = Resampling(n, 50).estimate([np.full(n, value)], np.arange(n))
    assert found.value == pytest.approx(value)
    assert found.interval() == pytest.approx((value, value))


def test_queries_left_out_do_not_count():
    values = np.array([1.0, np.nan, 1.0])
    found = Resampling(3, 500).estimate([values], np.arange(3))
    assert found.value == 1
    assert found.interval() == (1, 1)


def test_wrong_input_is_refused():
    resampling = Resampling(3, 10)
    with pytest.raises(InputError, match="no query has a value"):
        resampling.estimate([np.full(3, np.nan)], np.arange(3))
    with pytest.raises(InputError, match="expected one each, of 3 images"):
        resampling.estimate([np.ones(4)], np.arange(4))
    with pytest.raises(InputError, match=r"found \(2,\) values"):
        resampling.estimate([np.ones(2)], np.arange(3))
    with pytest.raises(InputError, match="level: found 2"):
        resampling.estimate([np.ones(3)], np.arange(3)).interval(2)


def test_a_difference_is_found_and_its_absence_too():
    rng, images = np.random.default_rng(0), np.arange(500)
    base = rng.random(500)
    better = base + 0.05 + 0.1 * rng.standard_normal(500)
    found = paired_test(better, base, images, samples=2000)
    assert found.p_value < 0.01
    low, high = found.difference.interval()
    assert 0 < low < 0.05 < high
    assert paired_test(base, base, images, samples=200).p_value == 1
    assert paired_test(base, base, images, samples=200).difference.value == 0


def test_queries_left_out_of_both_models_do_not_count():
    a, b = np.array([1.0, np.nan, 3, 5]), np.array([0.0, np.nan, 0, 0])
    found = paired_test(a, b, np.arange(4), samples=20_000)
    assert found.difference.value == 3
    assert found.p_value == pytest.approx(1 / 4, abs=0.015)


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
    found = paired_test(np.array([1.0, 2, 3]), np.zeros(3), np.arange(3), samples=20_000)
    assert found.p_value == pytest.approx(1 / 4, abs=0.015)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (np.ones(3), np.ones(2), "the same queries"),
        (np.array([1, np.nan]), np.ones(2), "left out of one model"),
        (np.array([]), np.array([]), "no query has a value"),
        (np.array([np.nan]), np.array([np.nan]), "no query has a value"),
    ],
)
def test_what_cannot_be_compared(a, b, message):
    with pytest.raises(InputError, match=message):
        paired_test(a, b, np.arange(len(a)))
