"""Arrays in files, in and out: nothing in them is ever executed, and large ones are mapped.

`read_array` and `write_array` choose by the ending. FORMATS: ending -> what it is. A file of
several arrays is asked for one of them as `codes.mat:qB`; one that holds int8 `values` beside
`scales` is read as the numbers that these stand for. A mapped file must stay as it is while it is
used: where it is cut short meanwhile, the system ends the process.
"""

from fico_lib.formats.arrays import FORMATS, TO_WRITE, read_array, write_array
from fico_lib.formats.matlab import read_mat
from fico_lib.formats.truth import Truth, check_truth, read_truth

__all__ = [
    "FORMATS",
    "TO_WRITE",
    "Truth",
    "check_truth",
    "read_array",
    "read_mat",
    "read_truth",
    "write_array",
]
