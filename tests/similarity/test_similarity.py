"""The paper's measures, exactly and without cancellation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fico_lib.encodings import Embeddings
from fico_lib.evaluation import evaluate
from fico_lib.runtime.errors import InputError
from fico_lib.similarity import similarity
from fico_lib.similarity.hamming import distances, words


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.int16])
def test_formulas_of_the_paper(kind):
    rng = np.random.default_rng(0)
    x, y = (10 * rng.standard_normal((4, 6))).astype(kind), (
        10 * rng.standard_normal((7, 6))).astype(kind)  # fmt: skip
    a, b = x.astype(float), y.astype(float)
    inner = a @ b.T
    norms = np.linalg.norm(a, axis=1)[:, None] * np.linalg.norm(b, axis=1)
    distance = np.linalg.norm(a[:, None] - b[None], axis=2)
    np.testing.assert_allclose(similarity(x, y, "inner_product"), inner, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(similarity(x, y, "cosine"), inner / norms, atol=1e-5)
    np.testing.assert_allclose(similarity(x, y, "euclidean"), 1 / (1 + distance + 1e-8), rtol=1e-9)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [0, 1e4])
def test_euclidean_does_not_cancel(kind, offset):
    x = (np.random.default_rng(0).standard_normal((50, 256)) + offset).astype(kind)
    found = similarity(x, x, "euclidean")
    np.testing.assert_allclose(np.diag(found), 1 / (1 + 1e-8), rtol=0)
    near = x.copy()
    near[:, 0] = np.nextafter(near[:, 0], kind(1e9))
    exact = np.abs(near.astype(float) - x)[:, 0]
    np.testing.assert_allclose(1 / np.diag(similarity(x, near, "euclidean")) - 1 - 1e-8, exact,
                               rtol=1e-3, atol=1e-15)  # fmt: skip


def test_cosine_of_very_large_and_small_vectors():
    x = np.array([[3e30, 4e30], [3e-30, 4e-30]], np.float32)
    np.testing.assert_allclose(similarity(x, x, "cosine"), 1, rtol=1e-6)


@pytest.mark.parametrize("bits", [1, 7, 64, 65, 192, 193, 255, 256, 2048])
def test_hamming_is_the_share_of_differing_bits(bits):
    rng = np.random.default_rng(bits)
    x, y = rng.random((5, bits)) < 0.5, rng.random((6, bits)) < 0.5
    y[0], y[1] = x[0], ~x[0]
    expected = -(x[:, None] != y[None]).sum(2) / bits
    np.testing.assert_array_equal(similarity(x, np.where(y, 1, -1), "hamming"), expected)
    packed = words(np.packbits(x, axis=1)), words(np.packbits(y, axis=1))
    np.testing.assert_array_equal(distances(*packed), (x[:, None] != y[None]).sum(2))


def test_unknown_measures_and_shapes():
    with pytest.raises(InputError, match="did you mean 'cosine'"):
        similarity(np.ones((1, 2)), np.ones((1, 2)), "cosinus")
    with pytest.raises(InputError, match="expected"):
        similarity(np.ones((1, 2)), np.ones((1, 3)))


@settings(max_examples=30, deadline=None)
@given(hnp.arrays(np.float32, (6, 3), elements=st.floats(-9, 9, width=16)))
def test_cosine_ranks_the_same_whatever_the_length(x):
    x[~x.any(1)] = 1
    of = np.arange(6) % 3
    scale = 2.0 ** np.arange(6)[:, None]
    a = evaluate(Embeddings(x[:3], x, of))
    b = evaluate(Embeddings(x[:3], (x * scale).astype(np.float32), of))
    assert a.to_dict() == b.to_dict()
