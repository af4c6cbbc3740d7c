"""Keys of what a result depends on: values, files, and the library code behind a module."""

import ast
import functools
import hashlib
import json
import os
from pathlib import Path

LIBRARY = Path(__file__).parents[1]


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

    >>> sorted(imported_modules("import numpy\\nfrom fico_lib.runtime.files import digest"))
    ['fico_lib.runtime.files', 'fico_lib.runtime.files.digest']
    """
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(name for name in names if name.startswith("fico_lib"))


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
