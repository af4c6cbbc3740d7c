"""RaBitQ: the grid by hand, faiss's errors, and estimates without bias."""

import faiss
import numpy as np
import pytest

from fico_lib.search.compress.rabitq import RaBitQ

RNG = np.random.default_rng(0)


def plain(mean: list[float], bits: int) -> RaBitQ:
    """Without a rotation, so that codes can be worked by hand."""
    return RaBitQ(np.array(mean, np.float32), np.eye(len(mean), dtype=np.float32), bits)


def test_one_bit_by_hand():
    quantizer = plain([1, 1], 1)
    stored = quantizer.encode(np.array([[4, 5], [-2, 1.5]], np.float32))
    assert stored.codes.tolist() == [[1, 1], [0, 1]]
    # o = (3, 4) / 5 and u = (1, 1) / 2: 5 / (0.3 + 0.4); o = (-3, 0.5) / 3.04, u = (-1, 1) / 2.
    length = np.hypot(3, 0.5)
    assert stored.factors == pytest.approx([5 / 0.7, length / (1.75 / length)])
    assert quantizer.decode(stored)[0] == pytest.approx([1 + 0.5 * 5 / 0.7] * 2)


def test_two_bits_find_the_grid_vector_of_the_same_direction():
    quantizer = plain([0, 0], 2)
    vectors = np.array([[3, 1], [-1, 3], [2, -2]], np.float32)
    stored = quantizer.encode(vectors)
    # On the grid (±0.5, ±1.5) there are vectors that point exactly as these do.
    assert quantizer.decode(stored) == pytest.approx(vectors, rel=1e-5)
    assert stored.codes.max() <= 3


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_errors_are_those_of_faiss_and_have_no_bias(bits):
    d, n = 64, 400
    vectors = (RNG.normal(size=(n, d)) * np.exp(0.4 * RNG.normal(size=d)) + 0.3).astype(np.float32)
    queries = RNG.normal(size=(30, d)).astype(np.float32)
    exact = queries @ vectors.T
    index = faiss.index_factory(
        d, f"RR{d},RaBitQ{bits if bits > 1 else ''}", faiss.METRIC_INNER_PRODUCT
    )
    faiss.downcast_index(index.index).qb = 0  # queries stay float, as here
    index.train(vectors)
    index.add(vectors)
    values, ids = index.search(queries, n)
    theirs = np.empty((30, n), np.float32)
    np.put_along_axis(theirs, ids, values, 1)
    quantizer = RaBitQ.fit(vectors, bits)
    ours = queries @ quantizer.decode(quantizer.encode(vectors)).T
    assert (ours - exact).std() <= 1.1 * (theirs - exact).std()
    assert (ours - exact).std() >= 0.5 * (theirs - exact).std()  # no more than its bits can do
    assert abs((ours - exact).mean()) < 0.1 * (ours - exact).std()
    assert np.corrcoef(ours.ravel(), exact.ravel())[0, 1] > 0.75


def test_more_bits_are_closer():
    vectors = RNG.normal(size=(50, 16)).astype(np.float32)
    errors = []
    for bits in range(1, 9):
        quantizer = RaBitQ.fit(vectors, bits)
        errors.append(np.abs(quantizer.decode(quantizer.encode(vectors)) - vectors).mean())
    assert errors == sorted(errors, reverse=True)


def test_a_vector_that_is_the_mean_is_kept():
    one = np.array([[2.0, -3.0, 0.0]], np.float32)
    for bits in (1, 5):
        quantizer = RaBitQ.fit(one, bits)
        assert quantizer.decode(quantizer.encode(one)) == pytest.approx(one)
