"""Values of parameters in YAML, read as people mean them.

YAML 1.1, which PyYAML reads, takes 0200 for octal, 1:30 for base 60 and `no` for false. Here whole
numbers have base ten, true and false are the only truth values, and `null` is the only null.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from fico_lib.runtime.errors import InputError

NUMBER = re.compile(
    r"[-+]?(\d[\d_]*)?\.?\d+([eE][-+]?\d+)?|[-+]?\d+\.([eE][-+]?\d+)?|[-+]?\.inf|\.nan",
    re.IGNORECASE,
)


DEEPEST = 500


class _Loader(yaml.SafeLoader):
    """SafeLoader with plain numbers, no aliases (a few lines of them fill any memory) and no key
    given twice."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [
            (tag, pattern)
            for tag, pattern in resolvers
            if tag.rpartition(":")[2] not in ("int", "float", "bool", "timestamp", "merge", "value")
        ]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent, index):
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.YAMLError(f"alias *{event.anchor}: repeat the value in its place")
        return super().compose_node(parent, index)

    def construct_mapping(self, node, deep=False):
        names = [key.value for key, _ in node.value]
        for name in names:
            if not isinstance(name, str):
                raise yaml.YAMLError("a name that is a list or a mapping; expected text")
            if names.count(name) > 1:
                raise yaml.YAMLError(f"'{name}' is given twice; expected each name once")
        return super().construct_mapping(node, deep)


def _number(loader: _Loader, node: yaml.ScalarNode) -> int | float:
    text = loader.construct_scalar(node)
    plain = text.replace("_", "")
    if re.fullmatch(r"[-+]?\d+", plain):
        return int(plain)
    special = {".inf": "inf", "+.inf": "inf", "-.inf": "-inf", ".nan": "nan"}
    return float(special.get(plain.lower(), plain))


_Loader.add_implicit_resolver("!number", re.compile(f"^(?:{NUMBER.pattern})$", re.I),
                              list("-+.0123456789"))  # fmt: skip
_Loader.add_constructor("!number", _number)
_Loader.add_implicit_resolver(
    "!truth", re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_constructor("!truth", lambda loader, node: node.value.lower() == "true")


def parse(text: str, where: str) -> Any:
    """The value of a YAML text; InputError naming `where` for what is none.

    >>> parse("{n: 0200, rate: 1e-3, on: [no, true]}", "-p x")
    {'n': 200, 'rate': 0.001, 'on': ['no', True]}
    """
    if max(map(text.count, "[{")) > DEEPEST:  # the parser takes seconds to find that out
        raise InputError(f"{where}: not valid YAML: more than {DEEPEST} brackets")
    try:
        value = yaml.load(text, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{where}: not valid YAML: {reason} (texts may be quoted)") from None
    _check_null(value, where)
    return value


def _check_null(value: Any, where: str) -> None:
    """Python's word for null would be a text, and as a path the name of a file."""
    if value == "None":
        raise InputError(f"{where}: found None; expected null, as YAML writes it")
    parts = value.values() if isinstance(value, dict) else value
    for part in parts if isinstance(value, (dict, list)) else ():
        _check_null(part, where)


def read_text(path: Path) -> str:
    """The text of a parameter file, in UTF-8 with or without a byte order mark."""
    if not path.is_file():
        raise InputError(f"parameter file {path} does not exist")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"parameter file {path}: not UTF-8 ({error}); save it as UTF-8") from None
