"""Rank intervals: wide where models are alike, narrow where they are not."""

import numpy as np
import pytest

from fico_lib.metrics.resampling import Resampling
from fico_lib.report.ranks import ranks


class Known:
    """Stands for the runs of models whose values per query are known."""

    def __init__(self, values: dict[str, np.ndarray | None]):
        self.values, self.resampling = values, Resampling(300)

    def estimate(self, model, direction, metric):
        values = self.values[model]
        return None if values is None else self.resampling.estimate([values], np.arange(300))


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(0)
    hard = rng.standard_normal(300)
    level = {"a": 2.0, "b": 2.01, "c": 1.0, "d": 0.0}
    values = {name: hard + up + 0.5 * rng.standard_normal(300) for name, up in level.items()}
    values["partial"] = None
    return ranks(Known(values), list(values), "i2t", "R@1")


def test_models_that_cannot_be_told_apart_share_their_ranks(found):
    assert {model: str(rank) for model, rank in found.items()} == {
        **{"a": "1-2", "b": "1-2", "c": "3", "d": "4"}
    }


def test_a_model_without_a_value_has_no_rank(found):
    assert "partial" not in found


def test_a_model_alone_is_first():
    one = ranks(Known({"a": np.arange(300.0)}), ["a"], "i2t", "R@1")
    assert (one["a"].best, one["a"].worst) == (1, 1)


def test_many_equal_models_are_all_tied_with_the_best():
    """Without the correction, among twenty equal models some would look better than others."""
    rng = np.random.default_rng(1)
    equal = {str(number): rng.standard_normal(300) for number in range(20)}
    tied = [rank.best == 1 for rank in ranks(Known(equal), list(equal), "i2t", "R@1").values()]
    assert sum(tied) >= 18
