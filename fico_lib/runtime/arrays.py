"""Arrays from and to plain files (npy, npz, safetensors, mat): nothing in them is ever executed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from fico_lib.runtime.errors import InputError

MEMORY_MAPPED = 1 << 26  # bytes: a larger .npy file is mapped instead of read


def as_numpy(array: object, name: str = "array") -> np.ndarray:
    """`array` as numpy: torch tensors of any device and type too; bfloat16 becomes float32."""
    if hasattr(array, "detach"):  # a torch tensor, without importing torch for those who have none
        tensor = array.detach().cpu()
        array = (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy()
    array = np.asanyarray(array)
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name}: found dtype {array.dtype}; expected booleans or numbers")
    return array


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
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected a .npy array")
    large = path.stat().st_size > MEMORY_MAPPED
    try:
        return np.load(path, mmap_mode="r" if large else None, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise InputError(
            f"{path}: {_reason(error)}; expected a whole .npy file of numbers"
        ) from error


def read_npz(path: Path | str) -> dict[str, np.ndarray]:
    """All arrays in a .npz file, by name (errors as in `read_npy`)."""
    try:
        with np.load(path, allow_pickle=False) as file:
            if isinstance(file, np.ndarray):
                raise ValueError("a single array")
            return {name: file[name] for name in file.files}
    except Exception as error:  # a damaged file makes the parser raise almost anything
        raise InputError(
            f"{path}: {_reason(error)}; expected a whole .npz archive of plain arrays"
        ) from error


def read_safetensors(path: Path | str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """All arrays in a .safetensors file, by name, and its metadata (errors as in `read_npy`)."""
    from safetensors import SafetensorError, safe_open

    try:
        # Through torch: numpy has no bfloat16.
        with safe_open(path, framework="pt") as file:
            arrays = {name: as_numpy(file.get_tensor(name), name) for name in file.keys()}  # noqa: SIM118
            return arrays, file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: {_reason(error)}; expected a whole .safetensors file") from error


def read_mat(path: Path | str, key: str) -> np.ndarray:
    """The array called `key` in a MATLAB file of level 5, made dense where it is sparse."""
    from scipy.io import loadmat
    from scipy.sparse import issparse

    try:
        content = loadmat(path)
    except NotImplementedError as error:
        raise InputError(f"{path}: MATLAB 7.3 files are not read; save it with '-v7'") from error
    except Exception as error:  # a damaged file makes the parser raise almost anything
        raise InputError(f"{path}: not a MATLAB file ({_reason(error)})") from error
    if key not in content:
        names = ", ".join(sorted(name for name in content if not name.startswith("__")))
        raise InputError(f"{path}: no matrix '{key}'; it has {names or 'none'}")
    array = content[key]
    return as_numpy(array.toarray() if issparse(array) else array, f"{path}: '{key}'")


def read_array(path: Path | str) -> np.ndarray:
    """The one array in a .npy, .npz, .safetensors or .mat (key `LAll`) file."""
    path = Path(path)
    if path.suffix == ".mat":
        return read_mat(path, "LAll")
    if path.suffix not in (".npz", ".safetensors"):
        return as_numpy(read_npy(path), str(path))
    arrays = read_npz(path) if path.suffix == ".npz" else read_safetensors(path)[0]
    if len(arrays) != 1:
        raise InputError(f"{path}: holds {len(arrays)} arrays ({', '.join(arrays)}); expected one")
    return as_numpy(next(iter(arrays.values())), str(path))


def _reason(error: Exception) -> str:
    """What a reader says about a broken file, on one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return "a pickled array, which is never loaded" if "allow_pickle" in text else text
