"""Properties that hold for every metric, on any scores."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fico_lib.encodings import Codes, Scores
from fico_lib.evaluation import evaluate
from fico_lib.metrics.average_precision import average_precision_at_k
from fico_lib.metrics.chance import chance
from fico_lib.metrics.precision_recall import first_at_level, precision_at_recall_levels
from fico_lib.metrics.recall import first_rank, hit_at_k, recalled_at_k
from fico_lib.metrics.registry import metric

HOW = {"map_at": (1, 3, "all"), "recall_at": (1, 2, 5)}
NAMES = ("R@2", "MRR@3", "MeanR", "mAP@3", "mAP@R", "R-Precision", "P@3", "nDCG@3", "nDCG@N")
by_name = pytest.mark.parametrize("how", [HOW, {"metrics": NAMES}], ids=["defaults", "by name"])
quick = settings(max_examples=40, deadline=None)


@st.composite
def problems(draw):
    n = draw(st.integers(1, 5))
    extra = draw(st.lists(st.integers(0, n - 1), max_size=8))
    of = np.array([*range(n), *extra])
    values = st.one_of(st.integers(-3, 3).map(float), st.floats(-4, 4, width=32))
    scores = draw(hnp.arrays(np.float32, (n, len(of)), elements=values))
    labels = draw(hnp.arrays(bool, (n, 3)))
    return scores, of, labels, draw(st.sampled_from(["expected", "optimistic", "pessimistic"]))


def same(a, b, tolerance=1e-9, directions=(("i2t", "i2t"), ("t2i", "t2i"))):
    for task in ("instance", "category"):
        for left, right in directions:
            x, y = getattr(a, task)[left], getattr(b, task)[right]
            assert x.metrics == pytest.approx(y.metrics, abs=tolerance)
            if x.pr is not None:
                np.testing.assert_allclose(x.pr, y.pr, atol=1e-12)


@by_name
@quick
@given(problems(), st.randoms(use_true_random=False))
def test_the_order_of_the_candidates_does_not_matter(how, problem, random):
    scores, of, labels, ties = problem
    order = np.array(random.sample(range(len(of)), len(of)))
    a = evaluate(Scores(scores, None, of), labels, ties=ties, **how)
    b = evaluate(Scores(scores[:, order], None, of[order]), labels, ties=ties, **how)
    same(a, b)


@by_name
@quick
@given(problems())
def test_only_the_order_of_the_scores_matters(how, problem):
    scores, of, labels, ties = problem
    a = evaluate(Scores(scores, None, of), labels, ties=ties, **how)
    ranks = np.unique(scores, return_inverse=True)[1].reshape(scores.shape)
    same(a, evaluate(Scores(ranks, None, of), labels, ties=ties, **how))
    same(a, evaluate(Scores(np.exp(ranks / 9.0), None, of), labels, ties=ties, **how))
    same(a, evaluate(Scores(scores.astype(float), None, of), labels, ties=ties, **how))


@by_name
@quick
@given(problems())
def test_one_matrix_serves_both_directions(how, problem):
    scores, of, labels, ties = problem
    a = evaluate(Scores(scores, None, of), labels, ties=ties, **how)
    b = evaluate(Scores(scores, np.ascontiguousarray(scores.T), of), labels, ties=ties, **how)
    same(a, b)


@quick
@given(hnp.arrays(np.float32, st.tuples(st.just(4), st.just(4)), elements=st.integers(-3, 3)),
       hnp.arrays(bool, (4, 3)))  # fmt: skip
def test_i2t_of_a_matrix_is_t2i_of_its_transpose(scores, labels):
    of = np.arange(4)
    a = evaluate(Scores(scores, None, of), labels, **HOW)
    b = evaluate(Scores(scores.T, None, of), labels, **HOW)
    same(a, b, directions=(("i2t", "t2i"), ("t2i", "i2t")))


@quick
@given(problems())
def test_values_are_ordered_and_bounded(problem):
    scores, of, labels, _ = problem
    found = evaluate(Scores(scores, None, of), labels, recall_at=(1, 2, 3, 5),
                     map_at=(1, 3, "all"), denominator="total")  # fmt: skip
    for direction in ("i2t", "t2i"):
        recalls = [found.instance[direction][f"R@{k}"] for k in (1, 2, 3, 5)]
        assert (np.diff(recalls) >= -1e-9).all()  # more depth, more recall
        precisions = [found.category[direction][f"mAP@{k}"] for k in (1, 3, "N")]
        assert (np.diff(precisions) >= -1e-9).all()  # with R below, AP@k grows with k
        assert (np.diff(found.category[direction].pr) <= 1e-12).all()
        for result in (found.instance[direction], found.category[direction]):
            for name, (low, high) in result.tie_interval.items():
                assert -1e-9 <= low <= result[name] + 1e-9
                assert result[name] - 1e-9 <= high <= 100 + 1e-9


@quick
@given(problems())
def test_a_perfect_ranking_scores_one_hundred(problem):
    _, of, labels, _ = problem
    labels[:, 0] = True
    relevant = (labels.astype(int) @ labels[of].T.astype(int)) > 0
    found = evaluate(Scores(relevant.astype(float), None, of), labels, tasks="category", **HOW)
    own = evaluate(Scores((of == np.arange(len(labels))[:, None]).astype(float), None, of))
    for direction in ("i2t", "t2i"):
        assert all(v == pytest.approx(100) for v in found.category[direction].metrics.values())
        assert own.instance[direction]["R@1"] == pytest.approx(100)
        assert own.instance[direction]["MeanR"] == 1


@quick
@given(hnp.arrays(bool, (3, 12)), hnp.arrays(bool, (7, 12)))
def test_turning_all_bits_changes_no_code(images, texts):
    of = np.array([0, 1, 2, 0, 1, 2, 0])
    a = evaluate(Codes.pack(images, texts, of), [0, 1, 0], **HOW)
    same(a, evaluate(Codes.pack(~images, ~texts, of), [0, 1, 0], **HOW))


@quick
@given(st.integers(1, 400))
def test_levels_of_recall_are_counted_in_integers(total):
    found = first_at_level(np.array([total]))[0]
    for level, needed in enumerate(found):
        assert needed * 10 >= level * total
        assert needed == 1 or (needed - 1) * 10 < level * total


@quick
@given(problems())
def test_named_values_are_ordered_and_bounded(problem):
    scores, of, labels, _ = problem
    names = ("P@1", "P@2", "R@1", "R@2", "MRR@1", "MRR@2", "MRR@N", "nDCG@1", *NAMES[4:6])
    found = evaluate(Scores(scores, None, of), labels, metrics=names)
    for task in (found.instance, found.category):
        for result in task.values():
            first = [result[name] for name in ("P@1", "R@1", "MRR@1", "nDCG@1")]
            assert first == pytest.approx(4 * [first[0]])  # one place: hit or miss
            assert result["R@1"] - 1e-9 <= result["MRR@2"] <= result["R@2"] + 1e-9
            assert result["MRR@2"] <= result["MRR@N"] + 1e-9
            assert result["mAP@R"] <= result["R-Precision"] + 1e-9
            for name, (low, high) in result.tie_interval.items():
                assert -1e-9 <= low <= result[name] + 1e-9
                assert result[name] - 1e-9 <= high <= 100 + 1e-9


@by_name
@pytest.mark.parametrize("denominator", ["hits", "min", "total", "relevant"])
def test_random_scores_are_at_chance(denominator, how):
    """20 rankings of 400 queries: within four standard errors of the closed form."""
    rng = np.random.default_rng(1)
    n, m = 80, 400
    of, labels = np.arange(m) % n, rng.random((n, 6)) < 0.15
    labels[:, 0] |= ~labels.any(1)
    runs = [
        evaluate(Scores(rng.random((n, m), dtype=np.float32), None, of), labels,
                 denominator=denominator, metrics=how.get("metrics", ())) for _ in range(20)
    ]  # fmt: skip
    for task in ("instance", "category"):
        for direction in ("i2t", "t2i"):
            found = [getattr(run, task)[direction] for run in runs]
            for name in found[0].metrics:
                expected = found[0].chance[name]
                if name == "MedR":
                    continue  # a median of expected ranks is no expected median
                values = np.array([f[name] for f in found])
                assert abs(values.mean() - expected) < 4 * values.std() / np.sqrt(len(runs)) + 1e-9


@pytest.mark.parametrize("denominator", ["hits", "min", "total"])
def test_large_tie_groups_keep_their_digits(denominator):
    """Against exact rational arithmetic on 60 candidates, long doubles on half a million."""
    from fractions import Fraction
    from math import comb

    n, r, k = 60, 23, 17
    exact = Fraction(0)
    for x in range(max(0, k - (n - r)), min(r, k) + 1):
        chance = Fraction(comb(r, x) * comb(n - r, k - x), comb(n, k))
        if not x:
            continue
        b = Fraction(x - 1, k - 1)
        inside = sum(Fraction(x, k) * (1 + (j - 1) * b) / j for j in range(1, k + 1))
        exact += chance * inside / {"hits": x, "min": min(k, r), "total": r}[denominator]
    found = average_precision_at_k([[n]], [[r]], k, denominator)[0]
    assert found == pytest.approx(float(exact), abs=1e-13)
    whole = average_precision_at_k([[500_000]], [[100_000]], 500_000, denominator)[0]
    ranks = np.arange(1, 500_001, dtype=np.longdouble)
    b = np.longdouble(99_999) / 499_999
    exact = float(((1 + (ranks - 1) * b) / ranks).sum() / 500_000)
    assert whole == pytest.approx(exact, abs=1e-11)


def test_hand_worked_recall():
    """A query whose best positive has 2 above it and ties with 3 others, 1 of them positive."""
    group = np.array([2]), np.array([4]), np.array([2])
    assert hit_at_k(*group, 2)[0] == 0
    assert hit_at_k(*group, 3)[0] == pytest.approx(1 / 2)
    assert hit_at_k(*group, 4)[0] == pytest.approx(1 - 1 / 6)
    assert hit_at_k(*group, 5)[0] == 1
    assert hit_at_k(*group, 3, "optimistic")[0] == 1
    assert hit_at_k(*group, 4, "pessimistic")[0] == 0
    assert first_rank(*group)[0] == pytest.approx(2 + 5 / 3)
    assert recalled_at_k(*group, 3)[0] == pytest.approx(1 / 4)
    assert np.isnan(first_rank(np.array([0]), np.array([0]), np.array([0]))[0])


def test_hand_worked_average_precision():
    """Relevant at ranks 1, 3 and 6: precisions 1, 2/3 and 1/2."""
    one, at = np.ones((1, 6), int), np.array([[1, 0, 1, 0, 0, 1]])
    assert average_precision_at_k(one, at, 3, "hits")[0] == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision_at_k(one, at, 2, "min")[0] == pytest.approx(1 / 2)
    assert average_precision_at_k(one, at, 3, "total")[0] == pytest.approx((1 + 2 / 3) / 3)
    curve = precision_at_recall_levels(one, at)[0]
    assert curve.tolist() == pytest.approx([1] * 4 + [2 / 3] * 3 + [1 / 2] * 4)


def test_hand_worked_chance():
    assert chance(metric("R@1"), np.array([5]), 25_000)[0] == pytest.approx(500 / 25_000)
    assert chance(metric("R@2"), np.array([2]), 4)[0] == pytest.approx(100 * (1 - 1 / 6))
    assert chance(metric("R@2"), np.array([2]), 4, "fraction")[0] == pytest.approx(50)
    assert chance(metric("R@2"), np.array([0]), 4, "fraction")[0] == 0
    assert chance(metric("MeanR"), np.array([1]), 5_000)[0] == 2_500.5
    assert chance(metric("mAP@2"), np.array([1, 2]), 2).tolist() == pytest.approx([75, 100])
