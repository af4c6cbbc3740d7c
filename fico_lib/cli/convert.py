"""`fico convert`: an array from one format into another."""

from pathlib import Path
from typing import Annotated

import typer


def convert_command(
    source: Annotated[
        str, typer.Argument(metavar="FROM", help="A file of an array; codes.mat:qB names one.")
    ],
    target: Annotated[Path, typer.Argument(metavar="TO", help="The file to write, by its ending.")],
) -> None:
    """Write an array in another format: .npy, .safetensors, .mat, .fvecs, .fbin, .hdf5, ...

    A format that cannot hold the values is an error: nothing is rounded or cut in silence.
    """
    from fico_lib.formats import read_array, write_array
    from fico_lib.runtime.files import check_writable

    check_writable(target, "TO")
    array = read_array(source)
    write_array(target, array)
    print(f"{target}: {array.dtype}, {' × '.join(map(str, array.shape))}")
