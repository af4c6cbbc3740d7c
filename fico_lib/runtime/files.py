"""Files are written whole or not at all."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def replace(part: Path, path: Path) -> None:
    """Move the file or folder `part` to `path`, over what stands there."""
    if part.is_dir() and path.is_dir():  # a folder cannot be renamed over a full one
        old = part.with_name(part.name + ".old")
        path.rename(old)
        part.rename(path)
        shutil.rmtree(old)
    else:
        os.replace(part, path)


@contextmanager
def write_whole(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block ends well.

    The block may create a file or a folder there. When it raises, nothing stays behind and what
    stood at `path` before is untouched.
    """
    path = Path(path)
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
