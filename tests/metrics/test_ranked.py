"""One pass over sorted keys gives what the tie groups give, compiled and as tensors."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fico_lib.evaluation.per_query import RULES
from fico_lib.metrics import DENOMINATORS, ranked, ranked_tensors
from fico_lib.metrics.average_precision import average_precision_at_k
from fico_lib.metrics.precision_recall import precision_at_recall_levels


def sums_of(keys, depths, tensors=False):
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
        found = sums.at(k, denominator, rule)
        np.testing.assert_allclose(found, expected, atol=1e-12, err_msg=f"{k} {rule} {denominator}")


@pytest.mark.parametrize("tensors", [False, True])
def test_a_ranking_by_hand(tensors):
    # From the best: relevant, two tied of which one is relevant, other.
    keys = np.array([[0, 2, 3, 5]], np.int32)
    sums, curve = sums_of(keys, [2, 4], tensors)
    assert sums.at(4, "total", "optimistic") == pytest.approx((1 + 1) / 2)
    assert sums.at(4, "total", "pessimistic") == pytest.approx((1 + 2 / 3) / 2)
    assert sums.at(4, "total", "expected") == pytest.approx((1 + (1 + 2 / 3) / 2) / 2)
    assert sums.at(2, "total", "expected") == pytest.approx((1 + 1 / 2) / 2)
    np.testing.assert_allclose(curve, [[1] * 6 + [2 / 3] * 5])


@pytest.mark.parametrize("tensors", [False, True])
@pytest.mark.parametrize("last", [0, 1])
def test_one_candidate(tensors, last):
    sums, curve = sums_of(np.array([[last]], np.int32), [1], tensors)
    assert sums.at(1, "hits", "expected") == curve[0, 0] == last


def test_a_long_ranking_without_order_loses_no_digits():
    rng = np.random.default_rng(0)
    keys = np.sort(rng.integers(0, 30_000, (2, 50_000), np.int32), axis=1)
    depths = [10, 100, 50_000]
    sums, curve = ranked.ranked_sums(keys, depths)
    count, relevant = groups_of(keys)
    np.testing.assert_allclose(curve, precision_at_recall_levels(count, relevant), atol=1e-12)
    for k, rule in itertools.product(depths, RULES):
        expected = average_precision_at_k(count, relevant, k, "hits", rule)
        np.testing.assert_allclose(sums.at(k, "hits", rule), expected, rtol=1e-11)
