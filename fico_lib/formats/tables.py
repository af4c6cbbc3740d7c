"""Arrays in HDF5 files (as ann-benchmarks has them), and in columns of parquet and arrow files.

Rows of Hugging Face's datasets are arrow files; a column of lists of equal length is a matrix.
"""

from pathlib import Path

import numpy as np

from fico_lib.runtime.arrays import as_numpy
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.extras import named_extras
from fico_lib.runtime.reading import broken, existing


def read_hdf5(path: Path, name: str | None = None) -> np.ndarray:
    """The data set `name` (None: the only one) of an HDF5 file, mapped where it lies in one piece.

    ann-benchmarks calls them train (the gallery), test (the queries), neighbors and distances.
    """
    existing(path, "an HDF5 file")
    with named_extras():
        import h5py
    with broken(path, "an HDF5 file of arrays"), h5py.File(path, "r") as file:
        found: list[str] = []
        file.visititems(lambda key, entry: found.append(key) if hasattr(entry, "shape") else None)
        entry = file[_one(path, name, found)]
        if offset := entry.id.get_offset():  # neither chunked nor compressed
            return np.memmap(path, entry.dtype, "r", offset, entry.shape)
        return as_numpy(entry[()], str(path))


def read_columns(path: Path, name: str | None = None) -> np.ndarray:
    """The column `name` of a parquet or arrow file as a matrix: each row a list of numbers.

    name: None for the only column of lists. A column of single numbers is an array of one axis.
    """
    existing(path, "a parquet or arrow file")
    with named_extras():
        import pyarrow as pa
        import pyarrow.parquet as parquet
    with broken(path, f"a {path.suffix} file with a column of vectors"):
        if path.suffix.lower() == ".parquet":
            file = parquet.ParquetFile(path, memory_map=True)
            schema = file.schema_arrow
        else:
            source = pa.memory_map(str(path))
            try:
                table = pa.ipc.open_stream(source).read_all()  # as datasets writes
            except pa.ArrowInvalid:
                table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
            schema = table.schema
        lists = [field.name for field in schema if _list_of_numbers(pa, field.type)]
        chosen = _one(path, name, schema.names if name else lists)
        column = (file.read([chosen]) if path.suffix.lower() == ".parquet" else table)[chosen]
        return _matrix(pa, column.combine_chunks(), f"{path}: column '{chosen}'")


def _list_of_numbers(pa, kind) -> bool:
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)
            or pa.types.is_fixed_size_list(kind)):  # fmt: skip
        return False
    inner = kind.value_type
    return bool(pa.types.is_floating(inner) or pa.types.is_integer(inner))


def _matrix(pa, column, where: str) -> np.ndarray:
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks)
    if column.null_count:
        raise InputError(f"{where}: {column.null_count} rows are empty; expected a vector in each")
    if not _list_of_numbers(pa, column.type):
        return as_numpy(column.to_numpy(zero_copy_only=False), where)
    values = column.flatten()
    if values.null_count:
        raise InputError(f"{where}: {values.null_count} numbers are missing; expected all")
    width = len(values) // max(1, len(column))
    if not pa.types.is_fixed_size_list(column.type):
        lengths = np.diff(column.offsets.to_numpy())
        if len(lengths) and (lengths != lengths[0]).any():
            wrong = int((lengths != lengths[0]).argmax())
            raise InputError(
                f"{where}: row {wrong} has {lengths[wrong]} numbers, row 0 has {lengths[0]}; "
                "expected the same in all"
            )
    return as_numpy(values.to_numpy(zero_copy_only=False), where).reshape(len(column), width)


def _one(path: Path, name: str | None, found: list[str]) -> str:
    if name is None and len(found) == 1:
        return found[0]
    if name in found:
        return str(name)
    names = ", ".join(found) or "none"
    if name is None:
        hint = f"; name one, as in {path.name}:{found[0]}" if found else ""
        raise InputError(f"{path}: holds {len(found)} arrays ({names}); expected one{hint}")
    raise InputError(f"{path}: no array '{name}'; it has {names}")


def write_parquet(part: Path, array: np.ndarray) -> None:
    """A parquet file with the rows of `array` in one column, `embedding`."""
    with named_extras():
        import pyarrow as pa
        import pyarrow.parquet as parquet
    values = pa.array(np.ascontiguousarray(array).reshape(-1))
    column = pa.FixedSizeListArray.from_arrays(values, array.shape[1])
    parquet.write_table(pa.table({"embedding": column}), part)


def write_hdf5(part: Path, array: np.ndarray) -> None:
    """An HDF5 file with the one data set `array`."""
    with named_extras():
        import h5py
    with h5py.File(part, "w") as file:
        file["array"] = array
