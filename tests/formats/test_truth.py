"""Ground truth is believed only after a look."""

import struct

import numpy as np
import pytest

from fico_lib.formats import Truth, check_truth, read_truth, write_array
from fico_lib.runtime.errors import InputError

RNG = np.random.default_rng(0)
GALLERY, QUERIES = RNG.standard_normal((500, 8)), RNG.standard_normal((150, 8))
DISTANCES = {
    "euclidean": np.linalg.norm(QUERIES[:, None] - GALLERY, axis=2),
    "inner_product": -(QUERIES @ GALLERY.T),
    "cosine": 1 - (QUERIES @ GALLERY.T) / (
        np.linalg.norm(QUERIES, axis=1)[:, None] * np.linalg.norm(GALLERY, axis=1)),
}  # fmt: skip


def truth(measure="euclidean", k=10):
    ids = np.argsort(DISTANCES[measure], axis=1)[:, :k]
    return Truth(ids, np.take_along_axis(DISTANCES[measure], ids, 1))


@pytest.mark.parametrize("measure", DISTANCES)
def test_what_is_right_passes(measure):
    check_truth(truth(measure), GALLERY, QUERIES, measure)
    check_truth(Truth(truth(measure).ids, -truth(measure).distances), GALLERY, QUERIES, measure)
    check_truth(Truth(truth(measure).ids, None), GALLERY, QUERIES, measure)


def test_any_of_equally_near_vectors_may_be_listed():
    gallery = np.repeat(GALLERY[:20], 5, axis=0)
    ids = np.argsort(np.repeat(DISTANCES["euclidean"][:, :20], 5, 1), axis=1, kind="stable")[:, :3]
    check_truth(Truth(ids, None), gallery, QUERIES, "euclidean")
    check_truth(Truth(ids // 5 * 5 + (ids + 2) % 5, None), gallery, QUERIES, "euclidean")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: Truth((t.ids + 1) % 500, None), "query 0 is farther"),
        (lambda t: Truth(np.where(t.ids == t.ids.max(), 500, t.ids), None), "expected 0 to 499"),
        (lambda t: Truth(-t.ids - 1, None), "expected 0 to 499"),
        (lambda t: Truth(t.ids[:9], None), "9 rows; expected one for each of 150"),
        (lambda t: Truth(t.ids.astype(float), None), "row numbers"),
        (lambda t: Truth(np.repeat(t.ids[:, :1], 3, 1), None), "lists a vector twice"),
        (lambda t: Truth(t.ids, t.distances[:, ::-1] * [1, *[2] * 9]), "not sorted"),
        (lambda t: Truth(t.ids, t.distances * np.nan), "NaN"),
        (lambda t: Truth(t.ids, t.distances[:, :2]), "expected"),
    ],
)
def test_what_is_wrong_is_said(change, message):
    with pytest.raises(InputError, match=message):
        check_truth(change(truth()), GALLERY, QUERIES, "euclidean")


def test_a_truth_of_another_measure_is_found():
    with pytest.raises(InputError, match="or of another measure"):
        check_truth(truth("inner_product"), GALLERY, QUERIES, "euclidean")


def test_ground_truth_of_big_ann(tmp_path):
    found = truth(k=4)
    content = struct.pack("<2I", *found.ids.shape) + found.ids.astype("<i4").tobytes()
    (tmp_path / "t.ibin").write_bytes(content + found.distances.astype("<f4").tobytes())
    read = read_truth(tmp_path / "t.ibin")
    np.testing.assert_array_equal(read.ids, found.ids)
    np.testing.assert_allclose(read.distances, found.distances, rtol=1e-6)
    write_array(tmp_path / "t.ivecs", found.ids)
    np.testing.assert_array_equal(read_truth(tmp_path / "t.ivecs").ids, found.ids)


def test_ground_truth_of_ann_benchmarks(tmp_path):
    h5py = pytest.importorskip("h5py")
    found = truth()
    with h5py.File(tmp_path / "t.hdf5", "w") as file:
        file["neighbors"], file["distances"] = found.ids, found.distances
    check_truth(read_truth(tmp_path / "t.hdf5"), GALLERY, QUERIES, "euclidean")
