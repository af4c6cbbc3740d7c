"""Integers with scales, as the numbers that they stand for."""

from pathlib import Path

import numpy as np

from fico_lib.runtime.arrays import as_numpy
from fico_lib.runtime.errors import InputError


def dequantised(arrays: dict[str, np.ndarray], path: Path) -> np.ndarray:
    """`values` × `scales` + `offsets` (if there are any) as float32.

    arrays: values (n, d) of integers; scales and offsets: one number, (n, 1) or (1, d), or where
    that is clear (n,) or (d,).
    """
    values = as_numpy(arrays["values"], f"{path}: 'values'")
    if values.ndim != 2 or values.dtype.kind not in "iu":
        raise InputError(
            f"{path}: 'values' beside 'scales' are {values.dtype} of shape {values.shape}; "
            "expected a matrix of integers"
        )
    result = values.astype(np.float32)
    for name in ("scales", "offsets"):
        if name in arrays:
            factor = _spread(as_numpy(arrays[name], f"{path}: '{name}'"), result.shape, path, name)
            result = result * factor if name == "scales" else result + factor
    return result


def _spread(factor: np.ndarray, shape: tuple[int, ...], path: Path, name: str) -> np.ndarray:
    n, d = shape
    if not np.isfinite(factor).all():
        raise InputError(f"{path}: '{name}' holds NaN or infinity; expected numbers")
    factor = factor.astype(np.float32)
    if factor.shape in ((), (1,), (1, 1), (n, 1), (1, d)):
        return factor
    if factor.shape == (n,) and n != d:
        return factor[:, None]
    if factor.shape == (d,) and n != d:
        return factor[None]
    raise InputError(
        f"{path}: '{name}' of shape {factor.shape} for values {shape}; expected one number, "
        f"({n}, 1) or (1, {d})"
    )
