"""Formats that need a library of their own, as that library writes them."""

import builtins

import numpy as np
import pytest

from fico_lib.formats import read_array, read_mat
from fico_lib.runtime.errors import InputError

X = np.arange(12, dtype=np.float32).reshape(4, 3)


@pytest.mark.parametrize(
    ("name", "library", "content"),
    [
        ("a.hdf5", "h5py", b""),
        ("a.parquet", "pyarrow", b""),
        ("a.arrow", "pyarrow", b""),
        ("a.mat", "h5py", b"MATLAB 7.3 MAT-file"),
    ],
)
def test_a_missing_library_names_the_extra(tmp_path, monkeypatch, name, library, content):
    (tmp_path / name).write_bytes(content)
    real = builtins.__import__

    def without(module, *rest, **more):
        if module.partition(".")[0] == library:
            raise ModuleNotFoundError(name=library)
        return real(module, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=rf"{library} is not installed.*fico-study\[formats\]"):
        read_array(tmp_path / name)


@pytest.mark.parametrize("layout", [{}, {"chunks": True, "compression": "gzip"}])
def test_the_sets_of_ann_benchmarks(tmp_path, layout):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "glove.hdf5", "w") as file:
        file.create_dataset("train", data=X, **layout)
        file.create_dataset("test", data=X[:2], **layout)
    np.testing.assert_array_equal(read_array(f"{tmp_path}/glove.hdf5:train"), X)
    np.testing.assert_array_equal(read_array(f"{tmp_path}/glove.hdf5:test"), X[:2])
    with pytest.raises(InputError, match=r"2 arrays \(test, train\); .* glove.hdf5:test"):
        read_array(tmp_path / "glove.hdf5")
    with pytest.raises(InputError, match="no array 'x'; it has test, train"):
        read_array(f"{tmp_path}/glove.hdf5:x")


def write_73(path, **parts):
    """A file as MATLAB 7.3 writes it: a block of 512 bytes, then HDF5 with columns first."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, (value, attributes) in parts.items():
            if isinstance(value, dict):
                entry = file.create_group(name)
                for key, array in value.items():
                    entry[key] = array
            else:
                entry = file.create_dataset(name, data=value.T)
            entry.attrs.update(attributes)
    with open(path, "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(128))


def test_matlab_73(tmp_path):
    dense = np.array([[1, 2, 3], [4, 5, 6.0]])
    sparse = {"data": np.array([7.0, 8]), "ir": np.array([1, 0]), "jc": np.array([0, 1, 1, 2])}
    write_73(
        tmp_path / "a.mat",
        LAll=(dense, {"MATLAB_class": np.bytes_("double")}),
        flags=(dense.astype(np.uint8), {"MATLAB_class": np.bytes_("logical")}),
        S=(sparse, {"MATLAB_sparse": np.uint64(2)}),
    )
    np.testing.assert_array_equal(read_mat(tmp_path / "a.mat"), dense)
    assert read_array(f"{tmp_path}/a.mat:flags").dtype == bool
    assert read_array(f"{tmp_path}/a.mat:S").tolist() == [[0, 0, 8], [7, 0, 0]]
    with pytest.raises(InputError, match="no matrix 'x'; it has LAll, S, flags"):
        read_array(f"{tmp_path}/a.mat:x")


@pytest.mark.parametrize("form", ["parquet", "stream", "file"])
def test_rows_of_datasets(tmp_path, form):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    table = pa.table({"text": list("abcd"), "embedding": X.tolist(), "id": [4, 3, 2, 1]})
    path = tmp_path / ("a.parquet" if form == "parquet" else "a.arrow")
    if form == "parquet":
        parquet.write_table(table, path, row_group_size=2)
    else:
        make = pa.ipc.new_stream if form == "stream" else pa.ipc.new_file
        with make(str(path), table.schema) as writer:
            writer.write_table(table, max_chunksize=2)
    np.testing.assert_array_equal(read_array(path), X)
    np.testing.assert_array_equal(read_array(f"{path}:id"), [4, 3, 2, 1])
    with pytest.raises(InputError, match="no array 'x'; it has text, embedding, id"):
        read_array(f"{path}:x")
    with pytest.raises(InputError, match="numbers"):
        read_array(f"{path}:text")


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([[1.0], [1.0, 2.0]], "row 1 has 2 numbers, row 0 has 1"),
        ([[1.0], None], "1 rows are empty"),
        ([[1.0], [None]], "1 numbers are missing"),
    ],
)
def test_columns_that_are_no_matrix(tmp_path, column, message):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    parquet.write_table(pa.table({"embedding": column}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=message):
        read_array(tmp_path / "a.parquet")
