"""The law of galleries that grow: by hand, against draws, fitted back, out of range."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fico_lib.metrics.gallery_law import Law, fit

WRONG = np.array([999, 1999, 4999, 9999])


def one(shape, scale) -> Law:
    return Law(np.array([float(shape)]), np.array([float(scale)]))


def test_values_by_hand():
    assert one(0.5, 0.01).hits(800) == pytest.approx(1 / 3)  # (1 + 8) ** -0.5
    assert one(1, 1e-3).hits(1000, 2) == pytest.approx(0.75)  # geometric: 1/2 + 1/4


def test_it_is_what_queries_of_gamma_distributed_difficulty_do():
    rng, wrong = np.random.default_rng(0), 400
    chances = rng.gamma(0.7, 0.002, 20_000)
    above = rng.binomial(wrong, np.minimum(chances, 1))
    for k in (1, 10):
        assert one(0.7, 0.002).hits(wrong, k) == pytest.approx((above < k).mean(), abs=0.012)


@pytest.mark.parametrize("shape", [0.2, 0.6, 1.5])
@pytest.mark.parametrize("scale", [3e-4, 0.02])
def test_it_is_fitted_back(shape, scale):
    exact = np.array([one(shape, scale).hits(m)[0] for m in WRONG])
    found = fit(WRONG[:3], exact[None, :3])
    assert found.hits(WRONG[3]) == pytest.approx(exact[3], rel=1e-3)
    assert found.shape == pytest.approx(shape, rel=0.02)


def test_every_row_is_fitted_and_weighed_like_the_first():
    rows = np.array([[0.4, 0.3, 0.2, 0.15], [0.4, 0.28, 0.21, 0.14]])
    both, swapped = fit(WRONG, rows), fit(WRONG, rows[::-1])
    alone = fit(WRONG, rows[:1])
    assert both.scale[0] == alone.scale[0]
    assert both.shape[0] == alone.shape[0]
    assert both.hits(50_000)[1] == pytest.approx(swapped.hits(50_000)[0], rel=0.05)


def test_a_draw_without_hits_has_no_law():
    found = fit(WRONG, np.array([[0.4, 0.3, 0.2, 0.1], [0.4, 0.3, 0.2, 0.0]]))
    assert np.isnan(found.hits(50_000)).tolist() == [False, True]


def test_no_query_missed_is_no_error():
    assert fit(WRONG, np.ones((1, 4))).hits(10**6) == pytest.approx(1, abs=1e-3)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.05, 5), st.floats(1e-6, 1), st.integers(1, 10**6), st.integers(1, 50))
def test_more_candidates_hit_less_and_a_longer_list_more(shape, scale, wrong, k):
    law = one(shape, scale)
    assert 0 <= law.hits(2 * wrong, k) <= law.hits(wrong, k) + 1e-12
    assert law.hits(wrong, k) <= law.hits(wrong, k + 1) + 1e-12 <= 1 + 1e-9
