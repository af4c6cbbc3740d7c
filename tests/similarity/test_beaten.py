"""Which candidates beat a query's own: brute force in whole numbers, equal vectors, any block."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fico_lib.similarity.beaten import AgreeingBits, Cosines

RNG = np.random.default_rng(0)


def test_bits_are_compared_as_they_are_counted_one_by_one():
    bits = RNG.integers(0, 2, (40, 24)), RNG.integers(0, 2, (30, 24))
    queries, candidates = (np.packbits(side, axis=1) for side in bits)
    agreeing = (bits[0][:, None] == bits[1]).sum(2)
    own = agreeing[np.arange(40), np.arange(40) % 30]
    scores = AgreeingBits().pairs(queries, candidates[np.arange(40) % 30])
    assert (scores == own - 24).all()
    above, equal = AgreeingBits().beaten(queries, candidates, scores.astype(float))
    assert (above == (agreeing > own[:, None])).all()
    assert (equal == (agreeing == own[:, None])).all()


@pytest.mark.parametrize("bits", [64, 2048])
def test_long_codes_do_not_overflow(bits):
    zeros, ones = np.zeros((1, bits // 8), np.uint8), np.full((2, bits // 8), 255, np.uint8)
    own = AgreeingBits().pairs(zeros, ones[:1]).astype(float)
    assert own == -bits
    above, equal = AgreeingBits().beaten(zeros, np.concatenate([zeros, ones]), own)
    assert above.tolist() == [[True, False, False]]
    assert equal.tolist() == [[False, True, True]]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(2, 300))
def test_equal_vectors_tie_whatever_they_stand_beside(seed, others, dimension):
    rng, cosines = np.random.default_rng(seed), Cosines()
    queries = cosines.prepared(rng.normal(size=(5, dimension)))
    answers = cosines.prepared(rng.normal(size=(5, dimension)))
    rest = cosines.prepared(rng.normal(size=(others, dimension)))
    own = cosines.pairs(queries, answers)
    above, equal = cosines.beaten(queries, np.concatenate([rest, answers]), own)
    assert equal[np.arange(5), others + np.arange(5)].all()
    assert not above[np.arange(5), others + np.arange(5)].any()
    exact = queries.astype(float) @ np.concatenate([rest, answers]).T.astype(float)
    clear = np.abs(exact - own[:, None]) > 1e-12
    assert (above == (exact > own[:, None]))[clear].all()
    assert not (equal & clear).any()


def test_a_difference_that_float32_cannot_hold_is_seen():
    cosines, query = Cosines(), np.array([[1, 0.1, 0.01]], np.float32)
    near = np.array([[1, 0.1, 0.01], [1, 0.1, 0.0100001], [1, 0.1, 0.0099999]], np.float32)
    own = np.array([0.0])
    own[0] = (query.astype(float) * near[:1].astype(float)).sum()
    above, equal = cosines.beaten(query, near, own)
    assert above.tolist() == [[False, True, False]]
    assert equal.tolist() == [[True, False, False]]


def test_blocks_of_candidates_change_nothing():
    cosines = Cosines()
    queries, candidates = (cosines.prepared(RNG.normal(size=(n, 32))) for n in (20, 90))
    candidates[50:60] = candidates[:10]
    own = cosines.pairs(queries, candidates[np.arange(20)])
    whole = np.stack(cosines.beaten(queries, candidates, own))
    parts = [np.stack(cosines.beaten(queries, candidates[a : a + 7], own)) for a in range(0, 90, 7)]
    assert (np.concatenate(parts, axis=2) == whole).all()
    assert whole[1, :10, 50:60].diagonal().all()
