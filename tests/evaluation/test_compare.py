"""Models compared on the same queries, and the intervals of one result."""

import json

import numpy as np
import pytest

from fico_lib.encodings import Embeddings, Scores
from fico_lib.evaluation import compare, evaluate
from fico_lib.metrics.resampling import Resampling
from fico_lib.metrics.significance import sign_flip_p
from fico_lib.report.runs import Runs
from fico_lib.runtime.errors import InputError

N, M = 40, 120
OF = np.arange(M) // 3


def result(noise, seed, labels=None, **how):
    rng = np.random.default_rng(0)
    images, texts = rng.standard_normal((N, 8)), rng.standard_normal((M, 8))
    texts = images[OF] + 0.3 * texts + noise * np.random.default_rng(seed).standard_normal((M, 8))
    return evaluate(Embeddings(images, texts, OF, model=f"m{seed}"), labels, **how)


def test_values_differences_and_ranks():
    good, alike, bad = result(0.3, 1), result(0.3, 2), result(2.5, 3)
    found = compare(good, alike, bad, names=["good", "alike", "bad"])
    rows = {(r.model, r.direction, r.metric): r for r in found.models}
    assert rows["good", "t2i", "R@1"].value == pytest.approx(good.instance["t2i"]["R@1"])
    assert rows["bad", "t2i", "R@1"].best_rank == rows["bad", "t2i", "R@1"].worst_rank == 3
    assert rows["good", "t2i", "R@1"].tied_with_best
    assert not rows["bad", "t2i", "R@1"].tied_with_best
    assert {r.metric for r in found.models} == {"R@1", "R@5", "R@10", "MeanR"}
    gaps = {(g.model, g.than, g.direction, g.metric): g for g in found.differences}
    gap = gaps["good", "bad", "t2i", "R@1"]
    assert gap.difference == pytest.approx(good.instance["t2i"]["R@1"] - bad.instance["t2i"]["R@1"])
    assert 0 < gap.low < gap.difference < gap.high
    assert gap.p <= gap.p_holm < 0.05
    assert rows["good", "t2i", "MeanR"].tied_with_best  # lower is better
    assert not rows["bad", "t2i", "MeanR"].tied_with_best
    assert json.loads(json.dumps(found.to_dict()))["models"][0]["model"] == "good"


def test_it_equals_what_the_chapters_compute():
    a, b = result(0.3, 1), result(0.8, 2)
    runs = Runs({"a": [a], "b": [b]}, N, 1000)
    found = compare(a, b, names=["a", "b"])
    for row in found.models:
        estimate = runs.estimate(row.model, row.direction, row.metric)
        assert (row.low, row.high) == pytest.approx(estimate.interval())
    gap = next(g for g in found.differences if (g.direction, g.metric) == ("t2i", "R@1"))
    assert (gap.low, gap.high) == pytest.approx(runs.gap("a", "b", "t2i", "R@1").interval())
    values = [r.instance["t2i"].per_query["R@1"] for r in (a, b)]
    sums = np.bincount(OF, values[0] - values[1])[:, None]
    assert gap.p == pytest.approx(sign_flip_p(sums)[0])


def test_the_same_model_twice_is_no_winner():
    one = result(0.5, 1)
    found = compare(one, one, names=["a", "b"])
    assert {(g.difference, g.p, g.p_holm) for g in found.differences} == {(0, 1, 1)}
    assert all(r.tied_with_best and r.worst_rank == 2 for r in found.models)


def test_alike_models_seldom_differ():
    """80 pairs of models that differ by noise alone: few below 5 %, about half below 50 %."""
    p = []
    for seed in range(80):
        a, b = (result(0.6, 1000 + 2 * seed + i, recall_at=1) for i in (0, 1))
        found = compare(a, b, samples=10).differences
        p.append(next(g.p for g in found if (g.direction, g.metric) == ("t2i", "R@1")))
    assert np.mean(np.array(p) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 80)
    assert np.mean(np.array(p) <= 0.5) == pytest.approx(0.5, abs=0.2)


def test_captions_of_an_image_are_one_observation():
    """An image's captions that agree count once: p is that of the images."""
    rng = np.random.default_rng(4)
    ranks = rng.integers(0, 2, (2, 30))
    of = np.repeat(np.arange(30), 5)
    made = []
    for good in ranks:
        scores = np.full((30, 150), 0.1)
        scores[of, np.arange(150)] = np.where(good[of], 1.0, 0.0)
        made.append(evaluate(Scores(scores, None, of), recall_at=1, ties="pessimistic"))
    found = compare(*made, names=["a", "b"])
    gap = next(g for g in found.differences if (g.direction, g.metric) == ("t2i", "R@1"))
    alone = sign_flip_p((100.0 * (ranks[0] - ranks[1]))[:, None])[0]
    assert gap.p == pytest.approx(alone)


def test_what_cannot_be_compared_is_told():
    one = result(0.5, 1)
    with pytest.raises(InputError, match="at least two"):
        compare(one)
    with pytest.raises(InputError, match="all different"):
        compare(one, one, names=["a", "a"])
    assert [r.model for r in compare(one, one).models[:2]] == ["m1 1", "m1 2"]
    with pytest.raises(InputError, match="results: found dict"):
        compare(one, one.to_dict())
    for wrong in ({"samples": 0}, {"seed": -1}):
        with pytest.raises(InputError, match=r"found (0|-1); expected"):
            compare(one, one, **wrong)
    other = evaluate(Scores(np.random.default_rng(0).random((4, 8)), None, np.arange(8) // 2))
    with pytest.raises(InputError, match="queries of 'a' and 'b' differ"):
        compare(one, other, names=["a", "b"])
    with pytest.raises(InputError, match="no metric is common"):
        compare(one, result(0.5, 1, metrics=["nDCG@10"]), names=["a", "b"])


# -- intervals of one result -----------------------------------------------------------------------


def test_intervals_of_a_result():
    labels = np.random.default_rng(1).random((N, 3)) < 0.4
    found = result(0.6, 1, labels, empty="skip")
    draws = Resampling(N)
    for task, direction, part in found.parts():
        for name, (low, high) in found.intervals[task, direction].items():
            assert low <= part[name] <= high
            if name in ("R@1", "mAP@N"):
                column = {"R@1": "R@1", "mAP@N": "AP@N"}[name]
                expected = draws.estimate([part.per_query[column]], part.clusters).interval()
                assert (low, high) == pytest.approx(expected)
    assert found.intervals["instance", None]["R@sum"][0] < found.r_at_sum
    written = found.to_dict()
    assert written["instance"]["i2t"]["interval"]["R@1"] == pytest.approx(
        found.intervals["instance", "i2t"]["R@1"]
    )
    assert written["instance"]["R@sum_interval"][1] > found.r_at_sum


def test_what_is_withheld_has_no_interval():
    scores = np.array([[4.0, 3, -9, -9], [-9, 3, 2, -9]])
    given = Scores(scores, np.abs(scores.T), np.array([0, 0, 1, 1]), missing=-9.0)
    found = evaluate(given, recall_at=(1, 3))
    assert found.intervals["instance", "i2t"]["R@3"] is None
    assert found.to_dict()["instance"]["i2t"]["interval"]["R@3"] is None


def test_a_subset_of_queries_draws_its_own_images():
    labels = np.arange(N) % 3
    rows = {"i2t": np.array([3, 17, 30]), "t2i": np.array([9, 51, 90])}
    found = result(0.6, 1, labels, queries=rows)
    low, high = found.intervals["category", "i2t"]["mAP@N"]
    values = found.category["i2t"].per_query["AP@N"]
    expected = Resampling(3).estimate([values], np.arange(3)).interval()
    assert (low, high) == pytest.approx(expected)
