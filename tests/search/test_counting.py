"""Exact search by counting: brute force, faiss, ties, sizes at every boundary, bad input."""

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fico_lib.runtime.errors import InputError
from fico_lib.search import counting
from fico_lib.search.counting import BLOCK, CHUNK, GROUP, CodeGallery


def brute_force(queries, codes, k):
    """Distances and rows of the k nearest, of equal distances the lowest rows."""
    distances = np.bitwise_count(queries[:, None] ^ codes).sum(2, dtype=np.int64)
    ids = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(distances, ids, 1), ids


def codes_of(n, width, seed=0, values=256):
    return np.random.default_rng(seed).integers(0, values, (n, width), dtype=np.uint8)


def gallery_of(codes):
    gallery = CodeGallery(8 * codes.shape[1])
    gallery.add(codes)
    return gallery


def assert_same(found, expected):
    for side, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(side, other)


def test_by_hand():
    gallery = CodeGallery(8)
    gallery.add(np.array([[0b0000_0111], [0b0000_0001], [0b1111_1111], [0b0000_0010]], np.uint8))
    distances, ids = gallery.search(np.array([[0b0000_0000], [0b1111_1110]], np.uint8), 3)
    assert distances.tolist() == [[1, 1, 3], [1, 6, 6]]  # 6: rows 0 and 3, in this order
    assert ids.tolist() == [[1, 3, 0], [2, 0, 3]]
    assert (distances.dtype, ids.dtype) == (np.int32, np.int64)


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 400),
    m=st.integers(0, 5),
    k=st.integers(1, 450),
    width=st.integers(1, 40),
    values=st.sampled_from([1, 2, 256]),  # one code alone, few codes, many
    seed=st.integers(0, 2**32 - 1),
)
def test_equals_brute_force(n, m, k, width, values, seed):
    codes, queries = codes_of(n, width, seed, values), codes_of(m, width, seed + 1, values)
    assert_same(gallery_of(codes).search(queries, k), brute_force(queries, codes, k))


@pytest.mark.parametrize("k", [1, 100, 1000])
@pytest.mark.parametrize("width", [8, 16, 32])
@pytest.mark.parametrize("order", ["random", "nearest last", "nearest first"])
def test_large_galleries_in_any_order(k, width, order):
    codes, queries = codes_of(5 * BLOCK + 17, width), codes_of(3, width, seed=1)
    if order != "random":
        near = np.argsort(brute_force(queries[:1], codes, len(codes))[1][0])
        codes = codes[np.argsort(near)[:: -1 if order == "nearest last" else 1]]
    assert_same(gallery_of(codes).search(queries, k), brute_force(queries, codes, k))


@pytest.mark.parametrize("n", [CHUNK - 1, CHUNK, CHUNK + 1, BLOCK - 1, BLOCK, BLOCK + 1])
@pytest.mark.parametrize("m", [1, GROUP, GROUP + 1])
def test_sizes_at_boundaries(n, m):
    codes, queries = codes_of(n, 8), codes_of(m, 8, seed=1)
    assert_same(gallery_of(codes).search(queries, 10), brute_force(queries, codes, 10))


def test_tiles_threads_and_pieces_change_nothing(monkeypatch):
    codes, queries = codes_of(9000, 24), codes_of(70, 24, seed=1)
    expected = brute_force(queries, codes, 50)
    gallery = CodeGallery(192)
    for start in range(0, 9000, 1700):
        gallery.add(codes[start : start + 1700])
    assert_same(gallery.search(queries, 50), expected)
    assert_same(gallery.search(queries, 50, threads=3), expected)
    monkeypatch.setattr(counting, "TILE_BYTES", 1)
    assert_same(gallery.search(queries, 50), expected)


def test_the_distances_are_faiss_s():
    codes, queries = codes_of(20_000, 32), codes_of(40, 32, seed=1)
    index = faiss.IndexBinaryFlat(256)
    index.add(codes)
    np.testing.assert_array_equal(
        gallery_of(codes).search(queries, 100)[0], index.search(queries, 100)[0]
    )


def test_identical_codes_come_in_the_order_of_their_rows():
    codes = np.zeros((3 * BLOCK, 8), np.uint8)
    distances, ids = gallery_of(codes).search(codes[:2], 2000)
    assert (distances == 0).all()
    assert (ids == np.arange(2000)).all()


def test_opposite_codes_are_as_far_as_there_are_bits():
    for width in (8, 16, 32, 256):
        codes = np.full((300, width), 255, np.uint8)
        distances, _ = gallery_of(codes).search(np.zeros((1, width), np.uint8), 3)
        assert distances.tolist() == [[8 * width] * 3]


def test_lengths_that_fill_no_byte():
    bits = np.random.default_rng(0).integers(0, 2, (200, 13))
    gallery = CodeGallery(13)
    gallery.add(bits)  # as 0/1, as ±1 or packed
    expected = (bits[:5, None] != bits).sum(2)
    for queries in (bits[:5], 2 * bits[:5] - 1, np.packbits(bits[:5], axis=1)):
        distances, ids = gallery.search(queries, 7)
        np.testing.assert_array_equal(distances, np.sort(expected, axis=1)[:, :7])
        np.testing.assert_array_equal(ids, np.argsort(expected, axis=1, kind="stable")[:, :7])


def test_bad_input():
    gallery = CodeGallery(64)
    with pytest.raises(InputError, match="no codes; expected at least one"):
        gallery.search(codes_of(1, 8), 1)
    gallery.add(codes_of(10, 8))
    with pytest.raises(InputError, match="k: found 0; expected at least 1"):
        gallery.search(codes_of(1, 8), 0)
    with pytest.raises(InputError, match="queries have width 9; expected 64 bits"):
        gallery.search(codes_of(1, 9), 1)
    with pytest.raises(InputError, match=r"queries: found shape \(8,\); expected a matrix"):
        gallery.search(codes_of(1, 8)[0], 1)
    for bits in (0, 70_000):
        with pytest.raises(InputError, match=f"bits: found {bits}; expected 1 to 65,528"):
            CodeGallery(bits)


def test_the_smallest_distance_is_the_first_of_the_search():
    codes, queries = codes_of(2 * BLOCK + 5, 16), codes_of(7, 16, seed=1)
    gallery = gallery_of(codes)
    np.testing.assert_array_equal(gallery.smallest(queries), gallery.search(queries, 1)[0][:, 0])
