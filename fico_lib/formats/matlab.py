"""MATLAB files: level 5 by scipy, and 7.3, which is HDF5, by h5py."""

from pathlib import Path

import numpy as np

from fico_lib.runtime.arrays import as_numpy
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.extras import named_extras
from fico_lib.runtime.reading import broken, existing


def read_mat(path: Path | str, key: str | None = None) -> np.ndarray:
    """The matrix called `key` in a MATLAB file, made dense where it is sparse.

    key: None for the only one there is, or `LAll`, as hashing methods publish labels. Raises
    `InputError` that lists the matrices where there is none of that name.
    """
    path = existing(path, "a MATLAB file")
    with open(path, "rb") as file:
        start = file.read(128)
    if b"MATLAB 7.3" in start:
        return _read_73(path, key)
    from scipy.io import loadmat, whosmat
    from scipy.sparse import issparse

    with broken(path, "a MATLAB file"):
        name = _chosen(path, key, [name for name, _, _ in whosmat(path)])
        array = loadmat(path, variable_names=[name])[name]
    return as_numpy(array.toarray() if issparse(array) else array, f"{path}: '{name}'")


def _chosen(path: Path, key: str | None, names: list[str]) -> str:
    wanted = key or (names[0] if len(names) == 1 else "LAll")
    if wanted not in names:
        found = ", ".join(sorted(names)) or "none"
        if key is None and names:
            raise InputError(
                f"{path}: holds {len(names)} matrices ({found}), none of them 'LAll'; "
                f"name one, as in {path.name}:{names[0]}"
            )
        raise InputError(f"{path}: no matrix '{wanted}'; it has {found}")
    return wanted


def _read_73(path: Path, key: str | None) -> np.ndarray:
    """MATLAB stores columns first, so HDF5 shows each matrix transposed."""
    with named_extras():
        import h5py
    with broken(path, "a MATLAB 7.3 file"), h5py.File(path, "r") as file:
        name = _chosen(path, key, [name for name in file if not name.startswith("#")])
        entry = file[name]
        if isinstance(entry, h5py.Group):
            return _sparse_73(entry, f"{path}: '{name}'")
        if entry.attrs.get("MATLAB_empty"):
            return np.zeros(tuple(int(size) for size in entry[()]))
        array = entry[()]
        if entry.attrs.get("MATLAB_class") == b"logical":
            array = array.astype(bool)
        return as_numpy(array.T, f"{path}: '{name}'")


def _sparse_73(group, where: str) -> np.ndarray:
    from scipy.sparse import csc_matrix

    if "MATLAB_sparse" not in group.attrs:
        raise InputError(f"{where}: a structure; expected a matrix")
    starts = group["jc"][()].astype(np.int64)
    shape = int(group.attrs["MATLAB_sparse"]), len(starts) - 1
    if "data" not in group:  # nothing in it
        return np.zeros(shape)
    parts = group["data"][()], group["ir"][()].astype(np.int64), starts
    return as_numpy(csc_matrix(parts, shape=shape).toarray(), where)


def write_mat(part: Path, array: np.ndarray) -> None:
    """A level 5 file of the one matrix `array`."""
    from scipy.io import savemat

    savemat(part, {"array": array})
