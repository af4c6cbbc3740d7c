"""How readers say that a file is not what its name promises."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fico_lib.runtime.errors import InputError


def as_path(path: object, name: str = "path") -> Path:
    """The path of a text or path object; InputError, naming the argument, for anything else."""
    if not isinstance(path, (str, os.PathLike)) or isinstance(os.fspath(path), bytes):
        raise InputError(f"{name}: found {type(path).__name__}; expected the path of a file")
    return Path(path)


def existing(path: object, what: str) -> Path:
    """The path, or an InputError that says why no file can be read there."""
    path = as_path(path)
    try:
        if path.is_dir():
            raise InputError(f"{path}: a folder; expected a file, {what}")
        if not path.is_file():
            raise InputError(f"{path}: no such file; expected {what}")
    except (OSError, ValueError) as error:  # a name that is too long, or holds a zero byte
        raise InputError(f"{path}: {reason(error)}; expected {what}") from error
    return path


def reason(error: Exception) -> str:
    """What a reader says about a broken file, on one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return "a pickled array, which is never loaded" if "allow_pickle" in text else text


@contextmanager
def broken(path: Path, expected: str) -> Iterator[None]:
    """Whatever a reader raises in the block as an InputError that names the file.

    A damaged file makes the parsers of compressed and nested formats raise almost anything.
    """
    try:
        yield
    except (InputError, ModuleNotFoundError):
        raise
    except Exception as error:
        raise InputError(f"{path}: {reason(error)}; expected {expected}") from error
