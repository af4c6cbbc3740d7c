"""Loops compiled by numba: for what would be several passes over an array in numpy."""

import functools
import os
from pathlib import Path

import numba

# Threads rank side by side, so the lock is released. A division by zero gives infinity or NaN as in
# numpy: a check of each divisor would keep several from being divided at once. What was compiled is
# kept beside the source, where that may be written: a process that finds it starts at once.
compiled = functools.partial(
    numba.njit, nogil=True, error_model="numpy", cache=os.access(Path(__file__).parent, os.W_OK)
)
