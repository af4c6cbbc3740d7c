"""Parameters of a chapter: from a profile, a user's file and single settings, checked.

A profile is a folder of YAML files: `_shared.yaml` holds what its chapters share, and
`<chapter>.yaml` lies over it. Either may be missing: the defaults of the schema then hold.
"""

import re
from functools import reduce
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from fico_lib.chapters import CHAPTERS, chapter
from fico_lib.report.parameters import ChapterParameters, fields
from fico_lib.runtime.errors import InputError, unknown_name
from fico_lib.study import repository as repo
from fico_lib.study.yaml_values import parse, read_text


def read_file(path: Path) -> dict[str, Any]:
    """The parameters in a YAML file (empty: none); InputError where it is not a mapping.

    Names may be dotted, as for -p: `data.n_train: 500`.
    """
    values = parse(read_text(path), f"parameter file {path}")
    if not isinstance(values, dict | None):
        found = f"{values!r:.60}"
        raise InputError(f"parameter file {path}: found {found}; expected lines 'name: value'")
    return reduce(merge, (_nested(name, value) for name, value in (values or {}).items()), {})


def _nested(name: object, value: Any) -> dict[str, Any]:
    """A dotted name as nested dictionaries."""
    for part in reversed(str(name).split(".")):
        value = {part: value}
    return value


def read_setting(text: str) -> dict[str, Any]:
    """`a.b=value` as nested dictionaries; the value is read as YAML.

    >>> read_setting("data.n_train=500")
    {'data': {'n_train': 500}}
    """
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise InputError(f"-p {text}: expected name=value, for example data.seed=1")
    return _nested(name, parse(value, f"-p {text}"))


def merge(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """`base` with `change` laid over it, nested dictionaries merged.

    >>> merge({"data": {"seed": 0, "skew": "coco"}}, {"data": {"seed": 1}})
    {'data': {'seed': 1, 'skew': 'coco'}}
    """
    merged = dict(base)
    for name, value in change.items():
        both = isinstance(value, dict) and isinstance(merged.get(name), dict)
        # Another data set brings other parameters: those of the first do not carry over.
        if both and value.get("name", merged[name].get("name")) == merged[name].get("name"):
            merged[name] = merge(merged[name], value)
        else:
            merged[name] = value
    return merged


def read_shared(path: Path) -> dict[str, Any]:
    """What the chapters of a profile share; InputError for a name that none of them has."""
    known = {parameter for name in CHAPTERS for parameter in chapter(name).model_fields}
    values = read_file(path)
    for name in values.keys() - known:
        raise InputError(f"parameter file {path}: {unknown_name('parameter', name, known)}")
    return values


def shared_names(repository: Path) -> set[str]:
    """The names of the parameters that some profile shares among its chapters."""
    files = (repository / "parameters").glob(f"*/{repo.SHARED}.yaml")
    return {parameter for path in files for parameter in read_shared(path)}


def read_profile(repository: Path, name: str, profile: str) -> list[tuple[str, dict[str, Any]]]:
    """(file, values) of a chapter in a profile: what is shared, then what is its own.

    Of the shared values a chapter takes those that it has a parameter for. Raises InputError where
    a file is named after no chapter.
    """
    folder = repo.profile_folder(repository, profile)
    for path in folder.glob("*.yaml"):
        if path.stem not in (*CHAPTERS, repo.SHARED):
            raise InputError(f"{path}: {unknown_name('chapter', path.stem, CHAPTERS)}")
    shared, own = folder / f"{repo.SHARED}.yaml", folder / f"{name}.yaml"
    layers = []
    if shared.is_file():
        values, own_names = read_shared(shared), chapter(name).model_fields
        layers.append((shared, {k: v for k, v in values.items() if k in own_names}))
    if own.is_file():
        layers.append((own, read_file(own)))
    return [(str(path.relative_to(repository)), values) for path, values in layers]


def load(
    repository: Path,
    name: str,
    profile: str,
    file: Path | None = None,
    settings: tuple[str, ...] = (),
) -> ChapterParameters:
    """The checked parameters of a chapter: profile, then `file`, then `settings` over it."""
    schema = chapter(name)
    layers = read_profile(repository, name, profile)
    layers += [(str(file), read_file(file))] if file else []
    layers += [(f"-p {setting}", read_setting(setting)) for setting in settings]
    values: dict[str, Any] = reduce(merge, (values for _, values in layers), {})
    return schema.check(values, " + ".join(source for source, _ in layers))


def type_name(annotation: Any) -> str:
    """A type as a reader writes it: int, list of str, 'coco' or 'flickr', ...

    >>> type_name(list[int])
    'list of int'
    """
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is list or origin is tuple:
        return f"list of {type_name(inner[0])}"
    if origin is dict:
        return f"mapping of {type_name(inner[0])} to {type_name(inner[1])}"
    if str(origin) == "typing.Literal":
        return " or ".join(repr(value) for value in inner)
    if origin is Union or str(origin) == "<class 'types.UnionType'>":
        return " or ".join(dict.fromkeys(type_name(option) for option in inner))
    if origin is not None:  # Annotated
        return type_name(inner[0])
    if hasattr(annotation, "model_fields"):
        return "mapping"
    return "none" if annotation is type(None) else annotation.__name__


def limits(field: FieldInfo) -> str:
    """The range of a field in words, '' where there is none."""
    lower = {"ge": "≥", "gt": ">", "min_length": "length ≥"}
    upper = {"le": "≤", "lt": "<"}
    found = []
    for signs, narrowest in ((lower, max), (upper, min)):  # a type and its field may both set one
        for mark, sign in signs.items():
            values = [getattr(m, mark, None) for m in field.metadata]
            if any(value is not None for value in values):
                found.append(f"{sign} {narrowest(v for v in values if v is not None)}")
    return ", ".join(found)


def describe(name: str) -> list[dict[str, str]]:
    """One row per parameter of a chapter: name, allowed (type and range), default, meaning.

    A parameter that only one kind of data or features has says so in its meaning.
    """
    rows: dict[tuple, dict[str, str]] = {}
    for dotted, field, kind in fields(chapter(name)):
        if type_name(field.annotation) == "mapping":
            continue  # its members follow, under dotted names
        meaning = field.description or ""
        allowed = type_name(field.annotation) + (f", {limits(field)}" if limits(field) else "")
        default = field.get_default(call_default_factory=True)
        row = {
            "name": dotted,
            "allowed": allowed,
            "default": "(required)" if field.is_required() else _written(default),
            "meaning": f"({kind}) {meaning}" if kind else meaning,
        }
        same = rows.setdefault((dotted, meaning), row)
        if same is not row:  # every kind has it
            same["meaning"] = meaning
    return list(rows.values())


def chosen(name: str, values: ChapterParameters) -> list[dict[str, str]]:
    """The rows of `describe` for parameters that `values` has, with its values as `default`.

    Where a value is not the default, `allowed` names that too.
    """
    content = values.model_dump(mode="json")
    kinds = {part["name"] for part in content.values() if isinstance(part, dict) and "name" in part}
    rows = []
    for row in describe(name):
        kind = re.match(r"\((\w+)\) ", row["meaning"])
        if kind and kind[1] not in kinds:
            continue
        part: Any = content
        for key in row["name"].split("."):
            part = part.get(key, MISSING) if isinstance(part, dict) else MISSING
        if part is MISSING:
            continue
        value, default = _written(part), row["default"]
        other = "" if value == default else f"; default {default}"
        rows.append(row | {"default": value, "allowed": row["allowed"] + other})
    return rows


MISSING = object()


def _written(value: Any) -> str:
    """A default as one writes it in a parameter file."""
    plain = list(value) if isinstance(value, tuple) else value
    return "null" if value is None else str(plain).lower() if value in (True, False) else str(plain)


def cell(name: str) -> str:
    """The source of a notebook's parameters cell: one plain literal per line, with its meaning."""
    lines = ["# Declared in fico_lib/chapters; `fico describe " + name + "` explains each."]
    for field_name, value in chapter(name)().model_dump(mode="json").items():
        meaning = chapter(name).model_fields[field_name].description
        lines.append(f"{field_name} = {value!r}  # {meaning}")
    return "\n".join(lines)
