"""Attention in small galleries: which pairs are scored."""

import pytest
import torch

from fico_lib.costs.scaling import all_pairs, best_k
from fico_lib.report.costs.rows import all_facts

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def known():
    return all_facts()


@pytest.mark.parametrize("images", [3, 40])
def test_galleries_are_scored_pair_by_pair(known, images):
    """Counted by a model that only counts: all pairs once, and k of each query."""

    class Counting:
        pairs = 0

        def score(self, v, w):
            self.pairs += len(v) * len(w)

    texts, k = 2 * images, 5
    counted = Counting()
    all_pairs(counted, known["scan"], images, texts, CPU, "float32")()
    assert counted.pairs == images * texts
    counted = Counting()
    best_k(counted, known["scan"], images, texts, k, CPU, "float32")()
    assert counted.pairs == images * min(k, texts) + texts * min(k, images)
