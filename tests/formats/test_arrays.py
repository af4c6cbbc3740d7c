"""Every format in and out, against bytes written by hand and the libraries of the formats."""

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.io import savemat
from scipy.sparse import csr_matrix

from fico_lib.formats import FORMATS, TO_WRITE, read_array, write_array
from fico_lib.runtime.errors import InputError

OF_INTEGERS = {".bvecs": np.uint8, ".u8bin": np.uint8, ".i8bin": np.int8}
OF_INTEGERS |= {".ivecs": np.int32, ".ibin": np.int32}
EXTRAS = {".hdf5": "h5py", ".h5": "h5py", ".parquet": "pyarrow", ".arrow": "pyarrow"}


def _needs(suffix):
    """Skip where the library that reads a format, which an extra brings, is not installed."""
    if suffix in EXTRAS:
        pytest.importorskip(EXTRAS[suffix])


def example(suffix, n=5, d=3):
    values = np.random.default_rng(0).integers(0, 100, (n, d))
    return values.astype(OF_INTEGERS.get(suffix, np.float32))


@pytest.mark.parametrize("suffix", TO_WRITE)
def test_what_is_written_is_read_again(tmp_path, suffix):
    _needs(suffix)
    array = example(suffix)
    write_array(tmp_path / f"a{suffix}", array)
    found = read_array(tmp_path / f"a{suffix}")
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)
    assert [path.name for path in tmp_path.iterdir()] == [f"a{suffix}"]


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(sorted(OF_INTEGERS)), st.data())
def test_any_integers_survive(tmp_path_factory, suffix, data):
    shape = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    array = data.draw(arrays(OF_INTEGERS[suffix], shape))
    path = tmp_path_factory.mktemp("any") / f"a{suffix}"
    write_array(path, array)
    np.testing.assert_array_equal(read_array(path), array)


def test_the_bytes_of_fvecs_and_fbin(tmp_path):
    rows = [(1.5, -2.0), (0.25, 8.0)]
    (tmp_path / "a.fvecs").write_bytes(b"".join(struct.pack("<i2f", 2, *row) for row in rows))
    (tmp_path / "a.fbin").write_bytes(struct.pack("<2I4f", 2, 2, *rows[0], *rows[1]))
    (tmp_path / "a.bvecs").write_bytes(struct.pack("<i3B", 3, 1, 2, 255))
    (tmp_path / "a.i8bin").write_bytes(struct.pack("<2I3b", 1, 3, 1, -2, 127))
    assert read_array(tmp_path / "a.fvecs").tolist() == [list(row) for row in rows]
    assert read_array(tmp_path / "a.fbin").tolist() == [list(row) for row in rows]
    assert read_array(tmp_path / "a.bvecs").tolist() == [[1, 2, 255]]
    assert read_array(tmp_path / "a.i8bin").tolist() == [[1, -2, 127]]


def test_an_ending_in_capitals_is_the_same(tmp_path):
    savemat(tmp_path / "A.MAT", {"LAll": np.eye(2)})
    assert read_array(tmp_path / "A.MAT").tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.fvecs", struct.pack("<i2f", 2, 1, 2) + b"xx", r"14 bytes are 1 rows of 4 \+ 2 × 4"),
        ("a.fvecs", struct.pack("<if", 2, 1), "are 0 rows"),
        ("a.fvecs", struct.pack("<iii", 1, 0, 2) + struct.pack("<i", 0), "row 1 has 2 dimensions"),
        ("a.fvecs", b"ab", "2 bytes"),
        ("a.fvecs", struct.pack("<i", -3), "say -3 dimensions"),
        ("a.fbin", struct.pack("<2If", 2, 2, 1), r"12 bytes; expected 8 \+ 2 × 2 × 4 = 24$"),
        ("a.fbin", b"1234", "the 8 of the header"),
        ("a.fbin", struct.pack("<2I", 0, 2), "0 rows"),
        ("a.ibin", struct.pack("<2I", 1, 1) + bytes(5), "= 12, or 16 with distances"),
        ("a.npy", b"not an array", "no .npy file"),
        ("a.npy", b"\x93NUMPY\x01\x00", "expected a whole .npy file"),
        ("a.npz", b"PK\x03\x04", "expected a whole .npz archive"),
        ("a.safetensors", b"\xff" * 16, "expected a whole .safetensors"),
        ("a.mat", b"text, not MATLAB", "expected a MATLAB file"),
        ("a.csv", b"1,2", r"\.csv is not read; expected \.npy"),
        ("a.pt", b"", r"\.pt is not read"),
        ("a.npy.gz", b"", r"\.gz is not read"),
        ("array", b"", "without an ending"),
        ("a.hdf5", b"nothing", "HDF5"),
        ("a.parquet", b"nothing", "column of vectors"),
        ("a.arrow", b"nothing", "column of vectors"),
    ],
)
def test_files_that_are_not_what_they_say(tmp_path, name, content, message):
    _needs(Path(name).suffix)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as found:
        read_array(tmp_path / name)
    assert name in str(found.value)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_folder_a_missing_file_and_an_empty_one_are_said(tmp_path, suffix):
    _needs(suffix)
    (tmp_path / f"folder{suffix}").mkdir()
    (tmp_path / f"empty{suffix}").touch()
    for name, message in (("folder", "a folder"), ("missing", "no such file"), ("empty", "empty")):
        with pytest.raises(InputError, match=message):
            read_array(tmp_path / f"{name}{suffix}")
    with pytest.raises(InputError, match=r"too long|no such file"):
        read_array(tmp_path / ("x" * 300 + suffix))


def test_one_of_several_arrays_by_name(tmp_path):
    parts = {"qB": np.eye(2), "rB": np.ones((3, 2))}
    savemat(tmp_path / "codes.mat", parts)
    np.savez(tmp_path / "codes.npz", **parts)
    for file in ("codes.mat", "codes.npz"):
        assert read_array(f"{tmp_path / file}:rB").shape == (3, 2)
        with pytest.raises(InputError, match=f"{file}:qB"):
            read_array(tmp_path / file)
        with pytest.raises(InputError, match=r"no (matrix|array) 'tB'; it has qB, rB"):
            read_array(f"{tmp_path / file}:tB")


def test_a_sparse_matrix_of_matlab_is_made_dense(tmp_path):
    savemat(tmp_path / "a.mat", {"x": csr_matrix([[0, 2.0], [0, 0]])})
    assert read_array(tmp_path / "a.mat").tolist() == [[0, 2], [0, 0]]


@pytest.mark.parametrize(
    ("scales", "offsets", "factor"),
    [
        (np.float32(0.5), None, 0.5),
        (np.array([[1.0], [2], [3], [4]]), None, [[1], [2], [3], [4]]),
        (np.array([1.0, 2, 3, 4]), None, [[1], [2], [3], [4]]),
        (np.array([1.0, 2, 3]), np.array([[1.0, 1, 1]]), [[1, 2, 3]]),
    ],
)
@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_int8_with_scales(tmp_path, scales, offsets, factor, suffix):
    from safetensors.numpy import save_file

    values = np.arange(-6, 6, dtype=np.int8).reshape(4, 3)
    parts = {"values": values, "scales": np.asarray(scales)}
    if offsets is not None:
        parts["offsets"] = offsets
    path = tmp_path / f"a{suffix}"
    np.savez(path, **parts) if suffix == ".npz" else save_file(parts, path)
    expected = values * np.array(factor, np.float32) + (0 if offsets is None else 1)
    np.testing.assert_array_equal(read_array(path), expected)


@pytest.mark.parametrize(
    ("values", "scales", "message"),
    [
        (np.eye(3, dtype=np.int8), np.ones(3), "expected one number"),
        (np.eye(3, dtype=np.int8), np.ones((2, 1)), "expected one number"),
        (np.eye(3, dtype=np.int8), np.float32(np.nan), "NaN"),
        (np.eye(3), np.float32(1), "matrix of integers"),
    ],
)
def test_scales_that_do_not_fit(tmp_path, values, scales, message):
    np.savez(tmp_path / "a.npz", values=values, scales=scales)
    with pytest.raises(InputError, match=message):
        read_array(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("a.bvecs", np.array([[256]]), "whole numbers from 0 to 255"),
        ("a.i8bin", np.array([[1.0]]), "found float64"),
        ("a.fvecs", np.array([[0.1]]), "would round"),
        ("a.fvecs", np.ones(3, np.float32), "expected a matrix"),
        ("a.arrow", np.ones((2, 2)), "not written"),
        ("a.npy", ["a"], "numbers"),
        ("a.npy", None, "NoneType"),
    ],
)
def test_what_a_format_cannot_hold_is_not_written(tmp_path, name, array, message):
    with pytest.raises(InputError, match=message):
        write_array(tmp_path / name, array)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".npy", ".fbin", ".fvecs", ".safetensors"])
def test_a_gallery_of_ten_gigabytes_is_mapped(tmp_path, suffix):
    """A sparse file: its size counts, its zeros take no room on the disk and none in memory."""
    n, d = 5_000_000, 512
    path = tmp_path / f"a{suffix}"
    if suffix == ".npy":
        np.lib.format.open_memmap(path, "w+", np.float32, (n, d)).flush()
    elif suffix == ".safetensors":
        about = f'{{"a":{{"dtype":"F32","shape":[{n},{d}],"data_offsets":[0,{4 * n * d}]}}}}'
        header = about.encode() + b" " * (-len(about) % 8)
        path.write_bytes(len(header).to_bytes(8, "little") + header)
    else:
        path.write_bytes(struct.pack("<2I", n, d) if suffix == ".fbin" else struct.pack("<i", d))
    if suffix == ".safetensors":
        size = path.stat().st_size + 4 * n * d
    else:
        size = {".npy": path.stat().st_size, ".fbin": 8 + 4 * n * d}.get(suffix, n * (4 + 4 * d))
    if suffix == ".fvecs":
        n = 8 * 4096  # as many rows as are checked: each needs its dimension
        with open(path, "r+b") as file:
            for row in range(n):
                file.seek(row * (4 + 4 * d))
                file.write(struct.pack("<i", d))
        size = n * (4 + 4 * d)
    with open(path, "r+b") as file:
        file.truncate(size)
    tracemalloc.start()
    try:
        array = read_array(path)
        assert array.shape == (n, d)
        assert float(array[n - 7 : n].sum()) == 0
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()
