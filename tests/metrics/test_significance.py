"""p-values of models that are alike are uniform; Holm's correction by hand."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fico_lib.metrics.significance import holm, sign_flip_p


def test_p_is_the_share_of_all_signs():
    values = np.array([3.0, 1.0, -0.5, 2.0, 1.5, 4.0])
    sums = [sum(s * v for s, v in zip(signs, values, strict=True))
            for signs in product((-1, 1), repeat=len(values))]  # fmt: skip
    exact = np.mean(np.abs(sums) >= values.sum() - 1e-12)
    assert sign_flip_p(values[:, None], flips=40_000)[0] == pytest.approx(exact, abs=0.005)


def test_alike_models_have_uniform_p():
    rng = np.random.default_rng(0)
    differences = rng.standard_normal((80, 3000)) * rng.exponential(size=(80, 1))
    p = sign_flip_p(differences, flips=999)
    for level in (0.01, 0.05, 0.2, 0.5, 0.9):
        error = 4 * np.sqrt(level * (1 - level) / p.size)
        assert np.mean(p <= level) == pytest.approx(level, abs=error + 0.01)


def test_signs_are_drawn_in_pieces(monkeypatch):
    differences = np.random.default_rng(0).standard_normal((50, 4)) + 0.2
    whole = sign_flip_p(differences)
    monkeypatch.setattr("fico_lib.metrics.significance.FLIPS", 5000)
    assert sign_flip_p(differences) == pytest.approx(whole)


def test_no_difference_has_p_one_and_scale_changes_nothing():
    assert sign_flip_p(np.zeros((7, 2))).tolist() == [1, 1]
    values = np.random.default_rng(1).standard_normal((30, 1))
    for factor in (1e-200, 1e200):
        assert sign_flip_p(values * factor) == pytest.approx(sign_flip_p(values))


@given(st.lists(st.floats(0.0001, 1), min_size=1, max_size=8))
def test_holm_is_between_p_and_bonferroni(values):
    p = np.array(values)
    found = holm(p)
    assert (found >= p).all()
    assert (found <= np.minimum(p * len(p), 1) + 1e-12).all()
    assert (np.diff(found[np.argsort(p)]) >= 0).all()
    assert found.min() == pytest.approx(min(1, p.min() * len(p)))
