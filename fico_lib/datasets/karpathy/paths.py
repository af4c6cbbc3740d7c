"""Files and folders that must be there."""

from pathlib import Path

from fico_lib.runtime.errors import InputError


def existing_file(path: Path, what: str) -> Path:
    """`path`, or an InputError where no file is there; `what`: what it should hold."""
    if not path.is_file():
        raise InputError(f"file of {what} not found: {path}")
    return path


def existing_folder(path: Path, what: str) -> Path:
    """`path`, or an InputError where no folder is there; `what`: what it should hold."""
    if not path.is_dir():
        raise InputError(f"folder of {what} not found: {path}")
    return path
