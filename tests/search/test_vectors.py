"""Generators: faiss's own data bit for bit, in blocks of any size; and what arrays must be."""

import numpy as np
import pytest
from faiss.contrib.datasets import SyntheticDataset

from fico_lib.encodings import Embeddings
from fico_lib.runtime.errors import InputError
from fico_lib.search.dataset import of_arrays, of_embeddings, of_synthetic
from fico_lib.search.synthetic import ROWS, Gaussian, synthetic
from fico_lib.search.vectors import Array


@pytest.mark.parametrize(("d", "step"), [(64, 997), (256, 1), (300, 4096), (2048, 333)])
def test_synthetic_is_faiss_bit_for_bit(d, step):
    theirs = SyntheticDataset(d, 500, 1500 if step > 1 else 40, 100, metric="IP")
    train, gallery, queries = synthetic(500, 1500 if step > 1 else 40, 100, d)
    blocks = [gallery.block(a, min(a + step, gallery.n)) for a in range(0, gallery.n, step)]
    assert np.array_equal(np.concatenate(blocks), theirs.get_database())
    assert np.array_equal(train.block(0, 500), theirs.get_train())
    assert np.array_equal(queries.block(0, 100), theirs.get_queries())


def test_synthetic_keeps_latents_only_and_can_be_held():
    _, gallery, _ = synthetic(10, 2000, 10, 64)
    assert gallery.latents.shape == (2000, 10)
    held = gallery.in_memory()
    assert np.array_equal(held.block(0, 2000), gallery.block(0, 2000))
    assert held.identity == gallery.identity


def test_blocks_are_all_rows_once():
    _, gallery, _ = synthetic(10, 3000, 10, 64)
    gallery.block_rows = lambda: 700
    assert [start for start, _ in gallery.blocks()] == [0, 700, 1400, 2100, 2800]
    assert sum(len(block) for _, block in gallery.blocks()) == 3000


def test_gaussian_blocks_do_not_depend_on_where_they_start():
    vectors = Gaussian(3 * ROWS, 8, seed=3)
    whole = vectors.block(0, vectors.n)
    assert np.array_equal(vectors.block(ROWS - 5, 2 * ROWS + 7), whole[ROWS - 5 : 2 * ROWS + 7])
    assert abs(whole.mean()) < 0.02
    assert abs(whole.std() - 1) < 0.02
    assert not np.array_equal(whole, Gaussian(3 * ROWS, 8, seed=4).block(0, vectors.n))


def test_the_first_of_a_gallery():
    problem = of_synthetic(10, 400, 32, 50)
    smaller = problem.head(100)
    assert np.array_equal(smaller.gallery.block(0, 100), problem.gallery.block(0, 100))
    assert smaller.identity != problem.identity
    assert problem.head(400) is problem
    with pytest.raises(InputError, match="expected 1 to 400"):
        problem.head(401)


def test_arrays_of_another_type_become_float32_and_have_their_content_as_identity():
    x = np.arange(12, dtype=np.float16).reshape(4, 3)
    assert Array(x).block(1, 3).dtype == np.float32
    assert Array(x).identity == Array(x.copy()).identity
    assert Array(x).identity != Array(x + 1).identity
    assert Array(x.astype(np.float32)).block_rows() == 4


@pytest.mark.parametrize(
    ("gallery", "queries", "message"),
    [
        (np.ones((4, 3)), np.ones((2, 5)), "vectors have 3 dimensions, queries 5"),
        (np.ones(4), np.ones((2, 4)), r"vectors: found shape \(4,\)"),
        (np.ones((4, 3)), np.ones((0, 3)), "queries: found shape"),
        (np.array([[1.0, 2], [np.nan, 1]]), np.ones((1, 2)), "vectors: row 1 holds NaN"),
    ],
)
def test_wrong_arrays(gallery, queries, message):
    with pytest.raises(InputError, match=message):
        of_arrays("x", gallery, queries)


def test_a_gallery_is_asked_by_images_and_by_captions_that_are_not_in_it():
    images = np.random.default_rng(0).normal(size=(3, 5))
    texts = np.concatenate([images, images[:1], 2 * images[1:2], images[::-1] + 1])
    of = np.array([0, 1, 2, 0, 1, 2, 1, 0])
    by_images, by_captions = of_embeddings(Embeddings(images, texts, of, model="m")).values()
    assert by_images.gallery.n == by_captions.gallery.n == 5  # eight but the first of each image
    units = texts / np.linalg.norm(texts, axis=1, keepdims=True)
    np.testing.assert_allclose(by_captions.queries, units[:3], rtol=1e-6)
    np.testing.assert_allclose(by_images.queries, units[:3], rtol=1e-6)  # equal in this example
    twice = Embeddings(images, np.concatenate([texts, texts[3:4]]), np.append(of, 0), model="m")
    assert next(iter(of_embeddings(twice).values())).gallery.n == 5  # an equal caption once
    other = Embeddings(images, texts, of, measure="euclidean")
    with pytest.raises(InputError, match="compared by euclidean; expected cosine"):
        of_embeddings(other)
    with pytest.raises(InputError, match="no image has a second caption"):
        of_embeddings(Embeddings(images, texts[:3], of[:3], model="m"))
