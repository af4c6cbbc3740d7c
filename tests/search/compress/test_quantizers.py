"""Quantizers of single numbers: hand-worked codes, numpy, faiss's own, and what must not break."""

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fico_lib.runtime.errors import InputError
from fico_lib.search.compress.quantizers import THRESHOLDS, Cast, Int8, Signs

FINITE = st.floats(-100, 100, width=32)


def matrices(fewest: int = 1):
    shapes = st.tuples(st.integers(fewest, 6), st.integers(1, 9))
    return shapes.flatmap(lambda shape: arrays(np.float32, shape, elements=FINITE))


def test_int8_by_hand():
    vectors = np.array([[0.0, -1.0], [2.55, 1.0], [1.28, 0.0]], np.float32)
    quantizer = Int8.fit(vectors)
    assert quantizer.step == pytest.approx([0.01, 2 / 255])
    # The middle of an odd number of steps is half-way between two levels.
    assert quantizer.encode(vectors)[:, 0].tolist() == [-128, 127, 0]
    assert quantizer.encode(vectors)[2, 1] in (-1, 0)
    assert quantizer.decode(quantizer.encode(vectors))[:, 0] == pytest.approx([0, 2.55, 1.28])


@given(matrices())
def test_int8_is_off_by_half_a_step_at_most(vectors):
    quantizer = Int8.fit(vectors)
    codes = quantizer.encode(vectors)
    assert codes.dtype == np.int8
    off = np.abs(quantizer.decode(codes) - vectors)
    assert (off <= quantizer.step / 2 + 1e-4).all()


def test_int8_is_as_exact_as_faiss():
    vectors = np.random.default_rng(0).normal(size=(500, 24)).astype(np.float32)
    other = faiss.ScalarQuantizer(24, faiss.ScalarQuantizer.QT_8bit)
    other.train(vectors)
    quantizer = Int8.fit(vectors)
    theirs = np.abs(other.decode(other.compute_codes(vectors)) - vectors)
    ours = np.abs(quantizer.decode(quantizer.encode(vectors)) - vectors)
    assert ours.mean() <= theirs.mean() * 1.01
    assert other.code_size == quantizer.encode(vectors).nbytes / 500 == 24


def test_a_constant_dimension_and_one_item_keep_their_value():
    vectors = np.array([[3.0, 7.5]], np.float32)
    for quantizer in (Int8.fit(vectors), Cast("float16"), Cast("float32")):
        assert quantizer.decode(quantizer.encode(vectors)) == pytest.approx(vectors)
    for name in THRESHOLDS:
        signs = Signs.fit(vectors, name)
        assert signs.decode(signs.encode(vectors)).tolist() == [
            [1.0, 1.0] if name == "zero" else [-1.0, -1.0]
        ]


def test_values_outside_the_range_take_its_ends():
    quantizer = Int8.fit(np.array([[0.0], [1.0]], np.float32))
    assert quantizer.encode(np.array([[-9.0], [9.0]], np.float32)).tolist() == [[-128], [127]]


@given(arrays(np.float32, st.tuples(st.integers(2, 8), st.integers(1, 6)), elements=FINITE))
def test_float16_keeps_the_order_of_scores_that_are_far_enough_apart(vectors):
    query = np.ones(vectors.shape[1], np.float32)
    cast = Cast("float16")
    scores, again = vectors @ query, cast.decode(cast.encode(vectors)) @ query
    # Rounding to 11 significant bits moves a number by 2^-11 of it at most, a sum by their sum.
    room = 2**-11 * np.abs(vectors).sum(1).max() + 1e-4
    for i, j in np.argwhere(scores[:, None] > scores + 2 * room):
        assert again[i] > again[j]


def test_signs_by_hand():
    vectors = np.array([[0.5, -1, 2], [0.5, 3, 4], [-7, 1, 9]], np.float32)
    assert np.unpackbits(Signs.fit(vectors, "zero").encode(vectors), axis=1, count=3).tolist() == [
        [1, 0, 1],
        [1, 1, 1],
        [0, 1, 1],
    ]
    median = Signs.fit(vectors, "median")
    assert median.threshold.tolist() == [0.5, 1, 4]
    # A number that is the threshold is not above it.
    assert median.decode(median.encode(vectors)).tolist() == [
        [-1, -1, -1],
        [-1, 1, -1],
        [-1, -1, 1],
    ]
    assert Signs.fit(vectors, "mean").centre(vectors)[0] == pytest.approx([2.5, -2, -3])


@given(matrices(fewest=2))
def test_products_of_signs_count_bits_as_faiss_does(vectors):
    signs = Signs.fit(vectors, "median")
    codes, decoded = signs.encode(vectors), signs.decode(signs.encode(vectors))
    index = faiss.IndexBinaryFlat(8 * codes.shape[1])
    index.add(codes)
    distances, ids = index.search(codes[:1], len(codes))
    products = decoded[0] @ decoded.T
    assert (vectors.shape[1] - 2 * distances[0] == products[ids[0]]).all()


def test_an_unknown_threshold_is_named():
    with pytest.raises(InputError, match=r"threshold 'meen'.*'mean'"):
        Signs.fit(np.ones((2, 2), np.float32), "meen")
