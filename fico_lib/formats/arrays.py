"""One array from a file of any known format, or into one, by its ending."""

from pathlib import Path

import numpy as np

from fico_lib.formats.matlab import read_mat, write_mat
from fico_lib.formats.quantised import dequantised
from fico_lib.formats.tables import read_columns, read_hdf5, write_hdf5, write_parquet
from fico_lib.formats.vectors import BIN, VECS, read_bin, read_vecs, write_bin, write_vecs
from fico_lib.runtime.arrays import as_numpy, read_npy, read_npz, read_safetensors
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.files import write_whole
from fico_lib.runtime.reading import as_path

FORMATS = {
    ".npy": "numpy's own",
    ".npz": "an archive of numpy's",
    ".safetensors": "safetensors",
    ".mat": "MATLAB, level 5; 7.3 with [formats]",
    **dict.fromkeys(VECS, "rows with their dimension (TEXMEX)"),
    **dict.fromkeys(BIN, "a header and the rows (big-ann-benchmarks)"),
    ".hdf5": "HDF5, as of ann-benchmarks, with [formats]",
    ".h5": "HDF5 with [formats]",
    ".parquet": "a column of vectors, with [formats]",
    ".arrow": "a column of vectors, as Hugging Face's datasets writes it, with [formats]",
}
TO_WRITE = tuple(suffix for suffix in FORMATS if suffix != ".arrow")
NAMED = (".npz", ".safetensors", ".mat", ".hdf5", ".h5", ".parquet", ".arrow")  # hold several


def read_array(path: Path | str) -> np.ndarray:
    """The array in a file of one of `FORMATS`, mapped instead of read where it is large.

    path: where a file holds several, with the name of one: `codes.mat:qB`. A .npz or .safetensors
    file of integers `values` beside `scales` (and `offsets`) is read as the float32 numbers that
    these stand for. Raises `InputError` for what is not whole or not known; nothing is unpickled.
    """
    path, name = _split(as_path(path))
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise InputError(f"{path}: {suffix or 'a name without an ending'} is not read; "
                         f"expected {', '.join(FORMATS)}")  # fmt: skip
    if suffix == ".npy":
        return as_numpy(read_npy(path), str(path))
    if suffix == ".mat":
        return read_mat(path, name)
    if suffix in VECS:
        return read_vecs(path)
    if suffix in BIN:
        return read_bin(path)
    if suffix in (".hdf5", ".h5"):
        return as_numpy(read_hdf5(path, name), str(path))
    if suffix in (".parquet", ".arrow"):
        return read_columns(path, name)
    arrays = read_npz(path) if suffix == ".npz" else read_safetensors(path)[0]
    if name is None and {"values", "scales"} <= arrays.keys() <= {"values", "scales", "offsets"}:
        return dequantised(arrays, path)
    if name is None and len(arrays) == 1:
        name = next(iter(arrays))
    if name is None:
        hint = f"; name one, as in {path.name}:{next(iter(arrays))}" if arrays else ""
        names = ", ".join(arrays) or "none"
        raise InputError(f"{path}: holds {len(arrays)} arrays ({names}); expected one{hint}")
    if name not in arrays:
        raise InputError(f"{path}: no array '{name}'; it has {', '.join(arrays) or 'none'}")
    return as_numpy(arrays[name], f"{path}: '{name}'")


def _split(path: Path) -> tuple[Path, str | None]:
    """The file and the name behind its colon, None where there is none."""
    file, colon, name = str(path).rpartition(":")
    if colon and name and Path(file).suffix.lower() in NAMED:
        return Path(file), name
    return path, None


def write_array(path: Path | str, array: object) -> None:
    """Write a matrix or an array of one axis to a file of one of `TO_WRITE`, whole or not at all.

    Raises `InputError` where the format cannot hold the values: fvecs and fbin hold float32, the
    others of their kind integers of one size.
    """
    path = as_path(path)
    suffix, values = path.suffix.lower(), as_numpy(array, "array")
    if suffix not in TO_WRITE:
        raise InputError(f"{path}: {suffix or 'a name without an ending'} is not written; "
                         f"expected {', '.join(TO_WRITE)}")  # fmt: skip
    kind = (VECS | BIN).get(suffix)
    if (kind or suffix == ".parquet") and (values.ndim != 2 or not values.size):
        raise InputError(f"{path}: found shape {values.shape}; expected a matrix")
    if kind:
        _check_kind(path, values, np.dtype(kind))
    with write_whole(path) as part:
        if suffix == ".npy":
            np.save(part, values)
        elif suffix == ".npz":
            np.savez(part, array=values)
        elif suffix == ".safetensors":
            from safetensors.numpy import save_file

            save_file({"array": np.ascontiguousarray(values)}, part)
        elif suffix == ".mat":
            write_mat(part, values)
        elif suffix in VECS:
            write_vecs(part, values, suffix)
        elif suffix in BIN:
            write_bin(part, values, suffix)
        elif suffix == ".parquet":
            write_parquet(part, values)
        else:
            write_hdf5(part, values)


def _check_kind(path: Path, values: np.ndarray, kind: np.dtype) -> None:
    if kind.kind == "f":
        if values.dtype.kind == "f" and values.dtype.itemsize > 4:
            raise InputError(
                f"{path}: found {values.dtype}, which {path.suffix} would round; "
                "expected float32 (or write .npy)"
            )
        return
    low, high = np.iinfo(kind).min, np.iinfo(kind).max
    if values.dtype.kind not in "biu" or values.min() < low or values.max() > high:
        raise InputError(
            f"{path}: found {values.dtype} from {values.min()} to {values.max()}; {path.suffix} "
            f"holds whole numbers from {low} to {high}"
        )
