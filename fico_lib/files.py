"""Files are written whole or not at all, and kept under a key of everything they depend on."""

import ast
import functools
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LIBRARY = Path(__file__).parent


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


def digest(*parts: object) -> str:
    """A 16-digit key of JSON-like values; dictionaries compare by content, not by order."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@functools.lru_cache(maxsize=1024)
def _file_digest(path: str, size: int, modified_ns: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def file_digest(path: Path | str) -> str:
    """The key of a file's content (read once per process while size and date stay the same)."""
    stat = os.stat(path)
    return _file_digest(str(path), stat.st_size, stat.st_mtime_ns)


@functools.lru_cache(maxsize=4096)
def _module_file(name: str) -> Path | None:
    """The source file of a dotted `fico_lib...` module name, or None where there is none."""
    base = LIBRARY.parent.joinpath(*name.split("."))
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@functools.lru_cache(maxsize=1024)  # most modules serve several steps; parsing them is the work
def imported_modules(source: str) -> frozenset[str]:
    """Names of the `fico_lib` modules that Python source imports, anywhere in it.

    >>> sorted(imported_modules("import numpy\\nfrom fico_lib.files import digest"))
    ['fico_lib.files', 'fico_lib.files.digest']
    """
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(name for name in found if name.startswith("fico_lib"))


def sources(*modules: str) -> list[Path]:
    """Source files that `modules` depend on: their own and, recursively, what they import.

    Only `fico_lib` counts; relative imports are not followed (the library has none).
    """
    waiting, files = list(modules), set()
    while waiting:
        path = _module_file(waiting.pop())
        if path and path not in files:
            files.add(path)
            waiting += imported_modules(path.read_text())
    return sorted(files)


def code_digest(*modules: str) -> str:
    """The key of the library code that `modules` depend on: an edit there changes it."""
    return digest({str(p.relative_to(LIBRARY)): file_digest(p) for p in sources(*modules)})
