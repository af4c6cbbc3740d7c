"""What the library's registries share: name -> "module:object", imported when it is asked for.

A registry is a plain dictionary; these functions look a name up and import what it leads to, so
that listing names, or checking parameters, imports no library that the named object would need.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, TypeVar

from fico_lib.runtime.errors import unknown_name
from fico_lib.runtime.extras import named_extras

Entry = TypeVar("Entry")


def lookup(kind: str, registry: Mapping[str, Entry], name: str) -> Entry:
    """The entry of that name; InputError with the nearest name where there is none.

    kind: what the registry holds, in words, for the error.
    """
    if not isinstance(name, str) or name not in registry:
        raise unknown_name(kind, name, registry)
    return registry[name]


def module_of(target: str) -> str:
    """The dotted module of a "module:object"; nothing is imported.

    >>> module_of("fico_lib.search.screen:Screen")
    'fico_lib.search.screen'
    """
    return target.partition(":")[0]


def load(target: str) -> Any:
    """The object of a "module:object".

    Raises InputError that names the extra of the package where a library of one is missing.
    """
    module, _, name = target.partition(":")
    with named_extras():
        return getattr(import_module(module), name)
