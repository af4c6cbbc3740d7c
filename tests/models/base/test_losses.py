import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fico_lib.models.base.losses import (
    gradient_penalty,
    hinge,
    info_nce,
    match_loss,
    triplet_weights,
    weighted_triplet,
)


def test_info_nce_of_equal_similarities_is_log_b():
    assert info_nce(torch.zeros(4, 4)).item() == pytest.approx(math.log(4))


def test_info_nce_by_hand():
    similarity = torch.tensor([[2.0, 0.0], [1.0, 1.0]])
    i2t = -(math.log(math.e**2 / (math.e**2 + 1)) + math.log(0.5)) / 2
    t2i = -(math.log(math.e**2 / (math.e**2 + math.e)) + math.log(math.e / (1 + math.e))) / 2
    assert info_nce(similarity).item() == pytest.approx((i2t + t2i) / 2)


def test_info_nce_prefers_the_diagonal():
    good, bad = torch.eye(5) * 9, torch.eye(5).roll(1, 0) * 9
    assert info_nce(good) < info_nce(torch.zeros(5, 5)) < info_nce(bad)


def test_hinge_by_hand():
    similarity = torch.tensor([[0.5, 0.4, 0.6], [0.1, 0.5, -0.9], [-1.0, 0.2, 0.9]])
    # Rows: .2 + .6 - .5, .2 + .1 - .5 < 0, .2 + .2 - .9 < 0. Columns: 0 < 0.2 + .1 - .5 is not,
    # .2 + .4 - .5, .2 + .6 - .9 < 0.
    assert hinge(similarity).item() == pytest.approx((0.3 + 0.1) / 3)


def test_the_hinge_does_not_see_the_scale():
    cosines = 2 * torch.rand(5, 5) - 1
    assert match_loss("hinge", cosines, lambda x: 9 * x) == hinge(cosines)
    assert match_loss("infonce", cosines, lambda x: 9 * x) == info_nce(9 * cosines)


def test_triplet_weights_by_hand():
    shared = torch.tensor([[2.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    ideal = 3 / math.log2(2) + 1 / math.log2(3)
    expected = torch.tensor([[3 / ideal, 0, 1 / ideal], [0, 0, 0]])
    assert torch.allclose(triplet_weights(shared), expected)


def test_weighted_triplet_by_hand():
    # Anchor 0: positive 0 (cos .9), negative 1 (cos .7): .4 - .9 + .7 = .2, weight 1.
    # Anchor 1: positive 1 (cos .5), negative 0 (cos -.2): .4 - .5 - .2 < 0.
    similarity = torch.tensor([[0.9, 0.7], [-0.2, 0.5]])
    assert weighted_triplet(similarity, torch.eye(2)).item() == pytest.approx(0.2)


def by_definition(similarity, shared, margin=0.4):
    weight, total = triplet_weights(shared), similarity.new_zeros(())
    for a in range(len(similarity)):
        for p in range(len(similarity)):
            for n in range(len(similarity)):
                if shared[a, p] > 0 and shared[a, n] == 0:
                    term = margin + (1 - similarity[a, p]) - (1 - similarity[a, n])
                    total = total + weight[a, p] * term.clamp(min=0)
    return total


@given(st.integers(0, 2**31), st.integers(2, 6))
def test_weighted_triplet_is_its_definition_with_its_gradient(seed, b):
    generator = torch.Generator().manual_seed(seed)
    shared = torch.randint(0, 3, (b, b), generator=generator).double()
    values = torch.rand(b, b, generator=generator, dtype=torch.float64) * 2 - 1
    one, other = values.clone().requires_grad_(True), values.clone().requires_grad_(True)
    fast, slow = weighted_triplet(one, shared), by_definition(other, shared)
    assert torch.allclose(fast, slow)
    fast.backward()
    if slow.requires_grad:
        slow.backward()
        assert torch.allclose(one.grad, other.grad)


def test_gradient_penalty_of_a_linear_critic():
    critic = torch.nn.Linear(2, 1)
    with torch.no_grad():
        critic.weight.copy_(torch.tensor([[3.0, 4.0]]))  # gradient of length 5 everywhere
    penalty = gradient_penalty(critic, torch.randn(6, 2), torch.randn(6, 2))
    assert penalty.item() == pytest.approx(16)
    penalty.backward()  # it trains the critic
    assert critic.weight.grad.abs().sum() > 0
