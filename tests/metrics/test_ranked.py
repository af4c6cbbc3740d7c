"""One pass over sorted keys gives what the tie groups give, compiled and as tensors."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fico_lib.evaluation.per_query import RULES
from fico_lib.metrics import DENOMINATORS, ranked, ranked_tensors
from fico_lib.metrics.average_precision import (
    average_precision,
    average_precision_at_k,
    average_precision_at_r,
)
from fico_lib.metrics.optimistic_sums import Depths
from fico_lib.metrics.precision_recall import precision_at_recall_levels
from fico_lib.metrics.recall import first_rank, hit_at_k
from fico_lib.metrics.tie_groups import AT_R, TieGroups


def sums_of(keys, depths, tensors=False):
    depths = Depths((AT_R, *depths), depths, depths)
    if not tensors:
        return ranked.ranked_sums(keys, depths)
    import torch

    return ranked_tensors.ranked_sums(torch.from_numpy(keys), depths)


def groups_of(keys):
    """Tie groups (b, m) of sorted keys, best first: candidates and relevant ones."""
    count, relevant = np.zeros((2, *keys.shape), int)
    for q, row in enumerate(keys):
        for g, (_, members) in enumerate(itertools.groupby(row[::-1], lambda key: key >> 1)):
            members = list(members)
            count[q, g], relevant[q, g] = len(members), sum(key & 1 for key in members)
    return count, relevant


def sorted_keys(kind, values):
    """Arrays of sorted keys of a type, few distinct ones, so that many tie."""
    shapes = hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)
    return hnp.arrays(kind, shapes, elements=values).map(lambda keys: np.sort(keys, axis=1))


KEYS = st.one_of(
    sorted_keys(np.int32, st.integers(-5, 5)),
    sorted_keys(np.int32, st.sampled_from([-(2**31), -(2**31) + 1, -1, 0, 2**31 - 2, 2**31 - 1])),
    sorted_keys(np.int64, st.integers(2**62, 2**62 + 3)),
)


@pytest.mark.parametrize("tensors", [False, True])
@settings(max_examples=100, deadline=None)
@given(keys=KEYS)
def test_average_precision_and_the_curve_are_those_of_the_tie_groups(tensors, keys):
    groups, m = groups_of(keys), keys.shape[1]
    depths = list(range(1, m + 1))
    sums, curve = sums_of(keys, depths, tensors)
    np.testing.assert_array_equal(sums.total, groups[1].sum(1))
    np.testing.assert_allclose(curve, precision_at_recall_levels(*groups), atol=1e-12)
    for k, rule, denominator in itertools.product(depths, RULES, DENOMINATORS):
        expected = average_precision_at_k(*groups, k, denominator, rule)
        found = average_precision(sums, k, rule, denominator)
        np.testing.assert_allclose(found, expected, atol=1e-12, err_msg=f"{k} {rule} {denominator}")


@pytest.mark.parametrize("tensors", [False, True])
@settings(max_examples=100, deadline=None)
@given(keys=KEYS)
def test_every_sum_of_a_ranking_is_that_of_the_tie_groups(tensors, keys):
    groups, m = TieGroups(*groups_of(keys)), keys.shape[1]
    depths = [*range(1, m + 1), m + 3]
    sums, _ = sums_of(keys, depths, tensors)
    for k, rule in itertools.product(depths, RULES):
        assert sums.hits(k, rule) == pytest.approx(groups.hits(k, rule), abs=1e-12)
        assert sums.gain(k, rule) == pytest.approx(groups.gain(k, rule), abs=1e-12)
        of_best = [hit_at_k(*ranking.best(), k, rule) for ranking in (sums, groups)]
        assert of_best[0] == pytest.approx(of_best[1], abs=1e-12)
    for rule in RULES:
        assert sums.hits(AT_R, rule) == pytest.approx(groups.hits(AT_R, rule), abs=1e-12)
        at_r = [average_precision_at_r(ranking, rule) for ranking in (sums, groups)]
        assert at_r[0] == pytest.approx(at_r[1], abs=1e-12)
        ranks = [first_rank(*ranking.best(), rule) for ranking in (sums, groups)]
        np.testing.assert_allclose(*ranks, atol=1e-12)


@pytest.mark.parametrize("tensors", [False, True])
def test_a_ranking_by_hand(tensors):
    # From the best: relevant, two tied of which one is relevant, other.
    keys = np.array([[0, 2, 3, 5]], np.int32)
    sums, curve = sums_of(keys, [2, 4], tensors)
    assert average_precision(sums, 4, "optimistic", "total") == pytest.approx((1 + 1) / 2)
    assert average_precision(sums, 4, "pessimistic", "total") == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(sums, 4, "expected", "total") == pytest.approx(
        (1 + (1 + 2 / 3) / 2) / 2
    )
    assert average_precision(sums, 2, "expected", "total") == pytest.approx((1 + 1 / 2) / 2)
    np.testing.assert_allclose(curve, [[1] * 6 + [2 / 3] * 5])


@pytest.mark.parametrize("tensors", [False, True])
@pytest.mark.parametrize("last", [0, 1])
def test_one_candidate(tensors, last):
    sums, curve = sums_of(np.array([[last]], np.int32), [1], tensors)
    assert average_precision(sums, 1, "expected", "hits") == curve[0, 0] == last


def test_a_long_ranking_without_order_loses_no_digits():
    rng = np.random.default_rng(0)
    keys = np.sort(rng.integers(0, 30_000, (2, 50_000), np.int32), axis=1)
    depths = [10, 100, 50_000]
    sums, curve = sums_of(keys, depths)
    count, relevant = groups_of(keys)
    np.testing.assert_allclose(curve, precision_at_recall_levels(count, relevant), atol=1e-12)
    for k, rule in itertools.product(depths, RULES):
        expected = average_precision_at_k(count, relevant, k, "hits", rule)
        found = average_precision(sums, k, rule, "hits")
        np.testing.assert_allclose(found, expected, rtol=1e-11)
