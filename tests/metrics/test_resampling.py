"""Bootstrap draws that are shared: against the plain bootstrap, and paired."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fico_lib.metrics.resampling import Estimate, Resampling
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


def test_one_training_of_a_model_serves_all_its_estimates():
    """Three trainings that are better or worse in six metrics alike: no part is independent."""
    values = np.random.default_rng(3).random(200)
    resampling, level = Resampling(200), [values - 0.3, values, values + 0.3]
    one = resampling.estimate(level, ONE_EACH, "vse")
    six = sum([one] * 5, start=one)
    assert np.diff(six.interval()) == pytest.approx(6 * np.diff(one.interval()))
    same = resampling.estimate(level, ONE_EACH, "vse")
    assert (one - same).interval() == pytest.approx((0, 0), abs=1e-12)
    other = resampling.estimate(level, ONE_EACH, "scan")
    assert np.diff((one - other).interval()) > 0.5


def test_seeds_alone_have_student_s_interval():
    """Equal queries: the interval over trainings is the usual one of their means."""
    runs = [np.full(50, level) for level in (0.1, 0.4, 0.5)]
    low, high = Resampling(50).estimate(runs, np.arange(50)).interval()
    error = np.std([0.1, 0.4, 0.5], ddof=1) / np.sqrt(3)
    assert (low, high) == pytest.approx((1 / 3 - 4.303 * error, 1 / 3 + 4.303 * error), abs=1e-3)


def test_two_models_have_welch_s_degrees_of_freedom():
    apart = [np.full(50, level) for level in (0.1, 0.4, 0.5)]
    resampling = Resampling(50)
    a, b = (resampling.estimate(apart, np.arange(50), name) for name in "ab")
    error = np.sqrt(2) * np.std([0.1, 0.4, 0.5], ddof=1) / np.sqrt(3)
    assert (a - b).interval() == pytest.approx((-2.776 * error, 2.776 * error), abs=1e-3)


def coverage(trainings: int, models: int, spread: float, times: int = 800) -> float:
    """How often the interval of a mean (or of a difference of two) of truth 0 holds 0.

    Queries of 120 images, of which the models find the same ones hard; each training is better or
    worse by `spread` on all, and errs on others of its own.
    """
    rng, hits = np.random.default_rng(trainings), 0
    shared = rng.standard_normal((times, 1, 120))
    draws = rng.multinomial(120, np.full(120, 1 / 120), size=400).T / 120
    means = []
    for model in range(models):
        own = shared + 0.5 * model * rng.standard_normal((times, 1, 120))
        values = own + spread * rng.standard_normal((times, trainings, 1))
        values = values + 0.7 * rng.standard_normal((times, trainings, 120))
        means.append(np.concatenate([values.mean(2, keepdims=True), values @ draws], axis=2))
    for one in zip(*means, strict=True):
        first, *second = (Estimate.of_runs(runs, str(i)) for i, runs in enumerate(one))
        low, high = (first - second[0] if second else first).interval()
        hits += low <= 0 <= high
    return hits / times


@pytest.mark.parametrize("trainings", [3, 5])
@pytest.mark.parametrize("models", [1, 2])
def test_intervals_over_images_and_trainings_cover_the_truth(trainings, models):
    """Of 95 % intervals 93 to 97 % hold the truth, over trainings that differ little or much."""
    found = [coverage(trainings, models, spread) for spread in (0.05, 0.1, 0.3)]
    assert 0.93 <= np.mean(found) <= 0.97
    assert min(found) >= 0.93


def test_an_exact_number_has_no_width():
    assert Estimate.exact(3.5).interval() == (3.5, 3.5)
    values = np.random.default_rng(4).random(50)
    drawn = Resampling(50).estimate([values], np.arange(50))
    lost = 1 - drawn
    assert (lost.value, lost.trainings) == (pytest.approx(1 - values.mean()), 1)
    assert lost.interval() == pytest.approx((1 - drawn.interval()[1], 1 - drawn.interval()[0]))
    assert (drawn * 100 - drawn * 100).interval() == (0, 0)


def test_a_percentage_is_that_of_the_same_draws():
    rng = np.random.default_rng(0)
    clusters, resampling = np.repeat(np.arange(50), 2), Resampling(50, 200)
    whole = rng.random(100)
    part = 0.5 * whole
    a, b = (resampling.estimate([values], clusters) for values in (part, whole))
    share = a.percent_of(b)
    # Every draw has the same ratio: paired, it has no uncertainty.
    assert share.value == pytest.approx(50)
    assert share.interval() == pytest.approx((50, 50))
    third = resampling.estimate([rng.random(100)], clusters)
    other = third.percent_of(b)
    assert other.draws == pytest.approx(100 * third.draws / b.draws)
    low, high = other.interval()
    assert low < other.value < high


def test_a_percentage_over_trainings_has_their_spread_to_first_order():
    clusters, resampling = np.arange(40), Resampling(40, 100)
    rng = np.random.default_rng(1)
    whole = [0.5 + 0.1 * rng.random(40) for _ in range(3)]
    part = [w * share for w, share in zip(whole, (0.80, 0.82, 0.84), strict=True)]
    a, b = (resampling.estimate(runs, clusters, "vse") for runs in (part, whole))
    share = a.percent_of(b)
    each = [100 * p.mean() / w.mean() for p, w in zip(part, whole, strict=True)]
    assert share.trainings == 3
    assert share.runs["vse"][:, 0] == pytest.approx(np.array(each) - np.mean(each), abs=0.15)
    low, high = share.interval()
    assert high - low > 4  # Student's t of three trainings that differ by two points each


def test_a_percentage_of_nothing_is_refused():
    with pytest.raises(InputError, match="percentage of 0"):
        Estimate.exact(1).percent_of(Estimate.exact(0))


def test_draws_that_are_not_kept_come_out_the_same(monkeypatch):
    values, clusters = np.random.default_rng(0).random(90), np.arange(90) // 3
    kept = Resampling(30, 200).estimate([values], clusters)
    monkeypatch.setattr("fico_lib.metrics.resampling.DRAWS", 100)
    monkeypatch.setattr("fico_lib.metrics.resampling.KEPT", 0)
    resampling = Resampling(30, 200)
    for _ in range(2):
        again = resampling.estimate([values], clusters)
        np.testing.assert_allclose(again.draws, kept.draws)
    assert resampling.estimates([(values, clusters)])[0].draws == pytest.approx(kept.draws)


def test_the_median_of_each_draw_is_that_of_what_was_drawn():
    rng = np.random.default_rng(0)
    values, clusters = np.round(rng.random(40) * 9), np.arange(40) // 4
    values[3] = np.nan
    resampling = Resampling(10, 50, seed=3)
    found = resampling.median(values, clusters)
    assert found.value == np.nanmedian(values)
    counts = np.random.default_rng(3).multinomial(10, np.full(10, 0.1), size=50)
    for row, draw in zip(counts, found.draws, strict=True):
        assert draw == np.nanmedian(np.repeat(values, row[clusters]))
