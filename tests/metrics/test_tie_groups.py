"""Metrics of tie groups: by hand, beside all orders, in exact arithmetic where these are many."""

from fractions import Fraction
from math import comb

import brute
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fico_lib.metrics.average_precision import average_precision, average_precision_at_r
from fico_lib.metrics.discounted_gain import ndcg_at_k
from fico_lib.metrics.first_relevant import precision_of_first
from fico_lib.metrics.precision import precision_at_k, r_precision, recall_at_k
from fico_lib.metrics.recall import hit_at_k
from fico_lib.metrics.reciprocal_rank import reciprocal_rank_at_k
from fico_lib.metrics.tie_groups import TieGroups

RULES = ("expected", "optimistic", "pessimistic")


@st.composite
def groups(draw):
    """At most 7 candidates in groups, some empty."""
    counts = draw(
        st.lists(st.integers(0, 4), min_size=1, max_size=4).filter(lambda c: 0 < sum(c) < 8)
    )
    return counts, [draw(st.integers(0, count)) for count in counts]


@settings(max_examples=60, deadline=None)
@given(groups(), st.integers(1, 9), st.sampled_from(RULES))
def test_every_metric_equals_the_mean_over_orders(found, k, ties):
    counts, relevant = found
    ranking = TieGroups([counts], [relevant])
    scores = [-g for g, count in enumerate(counts) for _ in range(count)]
    truth = [i < r for count, r in zip(counts, relevant, strict=True) for i in range(count)]
    cases = {
        "P": (precision_at_k(ranking, k, ties), lambda o: brute.precision(o, k)),
        "R-Precision": (r_precision(ranking, ties), brute.r_precision),
        "recall": (recall_at_k(ranking, k, ties), lambda o: brute.fraction(o, k)),
        "nDCG": (ndcg_at_k(ranking, k, ties), lambda o: brute.ndcg(o, k)),
        "hit": (hit_at_k(*ranking.best(), k, ties), lambda o: brute.hit(o, k)),
        "RR": (reciprocal_rank_at_k(*ranking.best(), k, ties),
               lambda o: brute.reciprocal_rank(o, k)),
        "AP@R": (average_precision_at_r(ranking, ties), brute.average_precision_at_r),
        "first": (average_precision(ranking, k, ties, "relevant"),
                  lambda o: brute.precision_of_first_relevant(o, k)),
        **{name: (average_precision(ranking, k, ties, name),
                  lambda o, name=name: brute.average_precision(o, k, name))
           for name in ("hits", "min", "total")},
    }  # fmt: skip
    for name, (value, metric) in cases.items():
        expected = brute.mean_over_orders(scores, truth, ties, metric)
        assert value[0] == pytest.approx(expected, abs=1e-12), name


def test_by_hand():
    """Relevant at rank 2, then one of two at ranks 3 and 4."""
    ranking = TieGroups([[1, 1, 2]], [[0, 1, 1]])
    assert precision_at_k(ranking, 3, "expected")[0] == pytest.approx((1 + 1 / 2) / 3)
    assert precision_at_k(ranking, 3, "pessimistic")[0] == pytest.approx(1 / 3)
    assert r_precision(ranking, "optimistic")[0] == pytest.approx(1 / 2)
    assert average_precision_at_r(ranking, "expected")[0] == pytest.approx((1 / 2) / 2)
    ideal = 1 + 1 / np.log2(3)
    dcg = 1 / np.log2(3) + (1 / np.log2(4)) / 2
    assert ndcg_at_k(ranking, 3, "expected")[0] == pytest.approx(dcg / ideal)
    assert reciprocal_rank_at_k(*ranking.best(), 1)[0] == 0
    assert reciprocal_rank_at_k(*ranking.best(), 2)[0] == 1 / 2
    assert average_precision(ranking, 1, "expected", "relevant")[0] == pytest.approx(1 / 2)


def test_nothing_relevant_is_zero():
    ranking = TieGroups([[2, 1]], [[0, 0]])
    for rule in RULES:
        values = [precision_at_k(ranking, 2, rule), r_precision(ranking, rule),
                  recall_at_k(ranking, 2, rule), ndcg_at_k(ranking, 2, rule),
                  average_precision_at_r(ranking, rule),
                  reciprocal_rank_at_k(*ranking.best(), 2, rule),
                  average_precision(ranking, 2, rule, "relevant")]  # fmt: skip
        assert np.concatenate(values).tolist() == [0] * len(values)


@pytest.mark.parametrize(
    ("above", "c", "r", "k"), [(0, 60, 23, 17), (5, 90, 2, 500), (3, 400, 1, 90)]
)
def test_reciprocal_ranks_of_large_groups_in_exact_arithmetic(above, c, r, k):
    exact = sum(Fraction(comb(c - p, r - 1), comb(c, r)) / (above + p)
                for p in range(1, c - r + 2) if above + p <= k)  # fmt: skip
    group = (np.array([v]) for v in (above, c, r))
    assert reciprocal_rank_at_k(*group, k)[0] == pytest.approx(float(exact), abs=1e-13)


@pytest.mark.parametrize(
    ("above", "before", "c", "r", "x"),
    [(0, 0, 60, 23, 7), (9, 4, 200, 150, 149), (2, 2, 300, 40, 1), (0, 0, 900, 500, 400),
     (1, 0, 5, 5, 3)],
)  # fmt: skip
def test_first_relevant_ones_of_large_groups_in_exact_arithmetic(above, before, c, r, x):
    """The i-th of them stands at place p with chance C(p-1, i-1) C(c-p, r-i) / C(c, r)."""
    exact = sum(
        (before + i) * comb(p - 1, i - 1) * comb(c - p, r - i) / Fraction(above + p)
        for i in range(1, x + 1) for p in range(i, c - r + i + 1)
    ) / comb(c, r)  # fmt: skip
    found = precision_of_first(*(np.array([v]) for v in (above, before, c, r, x)))
    assert found[0] == pytest.approx(float(exact), rel=1e-11)
