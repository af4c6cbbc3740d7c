"""Files and folders that must be there."""

from pathlib import Path

from fico_lib.runtime.errors import InputError
from fico_lib.runtime.reading import as_path


def existing_file(path: Path, what: str) -> Path:
    """`path`, or an InputError where no file is there; `what`: what it should hold."""
    path = as_path(path, what)
    try:
        there = path.is_file()
    except (OSError, ValueError):  # a name that is too long, or holds a zero byte
        there = False
    if not there:
        raise InputError(f"file of {what} not found: {path}")
    return path


def existing_folder(path: Path, what: str) -> Path:
    """`path`, or an InputError where no folder is there; `what`: what it should hold."""
    if not path.is_dir():
        raise InputError(f"folder of {what} not found: {path}")
    return path
