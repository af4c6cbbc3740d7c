"""Arrays of any origin as plain numpy ones; numpy's own files and safetensors.

Other formats are in `fico_lib.formats`. Nothing in a file is ever executed.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fico_lib.runtime.errors import InputError
from fico_lib.runtime.reading import broken, existing, reason

MEMORY_MAPPED = 1 << 26  # bytes: larger files are mapped instead of read
NPY = b"\x93NUMPY"
SAFETENSORS = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?",
}  # fmt: skip


def as_numpy(array: object, name: str = "array") -> np.ndarray:
    """`array` as a plain numpy array: torch tensors of any device too; bfloat16 becomes float32.

    A `np.matrix` counts as the array that it is. Raises `InputError` for a masked array with masked
    values, for sparse matrices and tensors, for ragged lists, and for what holds no numbers.

    >>> as_numpy(np.ma.masked_equal([1, 2], 2), "scores")
    Traceback (most recent call last):
    ...
    fico_lib.runtime.errors.InputError: scores: a masked array with 1 masked value; expected a \
plain one (its `filled(value)`)
    """
    if hasattr(array, "detach"):  # a torch tensor, without importing torch for those who have none
        array = _from_torch(array, name)
    elif np.ma.isMaskedArray(array):
        if count := int(np.ma.count_masked(array)):
            values = "value" if count == 1 else "values"
            raise InputError(
                f"{name}: a masked array with {count} masked {values}; expected a plain one (its "
                "`filled(value)`)"
            )
        array = np.ma.getdata(array)
    elif hasattr(array, "toarray"):
        raise InputError(f"{name}: found a sparse matrix; expected a dense one (its `toarray()`)")
    elif array is None or isinstance(array, (str, bytes, dict, set)):
        raise InputError(f"{name}: found {type(array).__name__}; expected an array of numbers")
    try:
        plain = array if isinstance(array, np.memmap) else np.asarray(array)
    except (ValueError, TypeError, RuntimeError) as error:  # ragged lists, foreign objects
        raise InputError(f"{name}: no array of numbers ({reason(error)})") from error
    if plain.dtype.kind not in "biuf":
        raise InputError(f"{name}: found dtype {plain.dtype}; expected booleans or numbers")
    return plain


def _from_torch(tensor, name: str) -> np.ndarray:
    try:
        plain = tensor.detach().cpu()
        if plain.layout.__repr__() != "torch.strided":
            raise TypeError(f"its layout is {plain.layout}; expected a dense tensor")
        if str(plain.dtype) == "torch.bfloat16":
            plain = plain.float()
        return plain.resolve_conj().resolve_neg().numpy()
    except (TypeError, RuntimeError, NotImplementedError) as error:  # sparse, meta, quantised
        raise InputError(f"{name}: no array of numbers ({reason(error)})") from error


def as_bits(array: np.ndarray, place: Callable[[int, int], str], hint: str = "") -> np.ndarray:
    """A matrix of 0 and 1, or of -1 and 1, as bool of the same shape: where it is 1.

    Raises `InputError` for any other value, and for 0 beside -1. place: names a (row, column) in
    the message; hint: added to it.

    >>> as_bits(np.array([[-1, 1, 1]]), "row {}, column {}".format)
    array([[False,  True,  True]])
    """
    ones = array == 1
    strange = ~(ones | (array == (-1 if (array == -1).any() else 0)))
    if strange.any():
        row, column = np.argwhere(strange)[0]
        raise InputError(
            f"{place(row, column)} is {array[row, column]}; expected 0 and 1, or -1 and 1, "
            f"throughout{hint}"
        )
    return ones


def read_npy(path: Path | str) -> np.ndarray:
    """The array in a .npy file, memory-mapped when larger than 64 MB.

    Raises `InputError` for a pickled (object) array, and for a truncated or foreign file.
    """
    path = existing(path, "a .npy array")
    with broken(path, "a whole .npy file of numbers"):
        with open(path, "rb") as file:
            start = file.read(len(NPY))
        if start != NPY:
            raise ValueError(f"no .npy file (it begins with {start!r})")
        large = path.stat().st_size > MEMORY_MAPPED
        return np.load(path, mmap_mode="r" if large else None, allow_pickle=False)


def read_npz(path: Path | str) -> dict[str, np.ndarray]:
    """All arrays in a .npz file, by name (errors as in `read_npy`)."""
    path = existing(path, "a .npz archive")
    expected = "a whole .npz archive of plain arrays"
    with broken(path, expected), np.load(path, allow_pickle=False) as file:
        if isinstance(file, np.ndarray):
            raise ValueError("a single array")
        return {name: file[name] for name in file.files}


def read_safetensors(path: Path | str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """All arrays in a .safetensors file, by name, and its metadata (errors as in `read_npy`).

    Those of a file larger than 64 MB are memory-mapped, but for types that numpy lacks.
    """
    from safetensors import safe_open

    path = existing(path, "a .safetensors file")
    with broken(path, "a whole .safetensors file"):
        mapped = _mapped(path) if path.stat().st_size > MEMORY_MAPPED else {}
        # Through torch: numpy has no bfloat16.
        with safe_open(path, framework="pt") as file:
            arrays = {
                name: mapped[name] if name in mapped else as_numpy(file.get_tensor(name), name)
                for name in file.keys()  # noqa: SIM118
            }
            return arrays, file.metadata() or {}


def _mapped(path: Path) -> dict[str, np.ndarray]:
    """The arrays that numpy can map: eight bytes of length, a header in JSON, then the values."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    return {
        name: np.memmap(
            path, SAFETENSORS[about["dtype"]], "r", 8 + length + about["data_offsets"][0],
            tuple(about["shape"]),
        )
        for name, about in header.items()
        if name != "__metadata__"
        and about.get("dtype") in SAFETENSORS
        and about["data_offsets"][1] > about["data_offsets"][0]
    }  # fmt: skip
