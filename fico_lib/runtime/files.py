"""Files are written whole or not at all."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fico_lib.runtime.errors import InputError


def replace(part: Path, path: Path) -> None:
    """Move the file or folder `part` to `path`, over what stands there."""
    if part.is_dir() and path.is_dir():  # a folder cannot be renamed over a full one
        old = part.with_name(part.name + ".old")
        path.rename(old)
        part.rename(path)
        shutil.rmtree(old)
    else:
        os.replace(part, path)


def check_writable(path: Path | str, option: str) -> None:
    """Raise InputError, naming `option`, where a file could not be written to `path`.

    To be asked before the long work whose result is written there.
    """
    path = Path(path)
    try:
        place = Path(os.path.realpath(path))
        if place.is_dir():
            raise IsADirectoryError(21, "it is a folder; expected the name of a file")
        folder = place.parent
        while not folder.exists():
            folder = folder.parent
        if not folder.is_dir():
            raise NotADirectoryError(20, f"{folder} is a file, not a folder")
        target = place if place.exists() else folder
        if not os.access(target, os.W_OK):
            raise PermissionError(13, f"{target} may not be written to")
        if len(place.name.encode()) > 240:  # some bytes are left for the temporary name
            raise OSError(36, "the name is too long")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{option} {path}: {why}") from error


@contextmanager
def write_whole(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block ends well.

    The block may create a file or a folder there. When it raises, nothing stays behind and what
    stood at `path` before is untouched. A link is followed: what it points to is replaced. A device
    or pipe (`/dev/stdout`) is written to as it is.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file() and not path.is_dir():
        yield path
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays: some writers choose the format by it, or add it where it is missing.
    part = path.with_name(f".{path.stem}-{uuid.uuid4().hex[:8]}{path.suffix}")
    try:
        yield part
        replace(part, path)
    finally:
        if part.is_dir():
            shutil.rmtree(part)
        else:
            part.unlink(missing_ok=True)


@contextmanager
def new_folder(folder: Path | str) -> Iterator[Path]:
    """Yield a folder that this call alone has made: `folder`, or with -2, -3, ... where it exists.

    Runs that start in the same second each get their own. Removed when the block raises and left
    it empty.
    """
    wanted, number = Path(folder), 1
    wanted.parent.mkdir(parents=True, exist_ok=True)
    while True:
        made = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        try:
            made.mkdir()
            break
        except FileExistsError:
            number += 1
    try:
        yield made
    except BaseException:
        if made.is_dir() and not any(made.iterdir()):
            made.rmdir()
        raise
