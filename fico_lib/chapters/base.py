"""What every chapter's parameters have in common: validation with errors a person can act on."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from fico_lib.errors import InputError, unknown_name


class ChapterParameters(BaseModel):
    """Base of the chapters' schemas. Unknown names are errors; nothing is dropped in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    title: ClassVar[str]
    timed: ClassVar[bool] = False  # a chapter that measures time runs alone

    def encodings(self) -> list[dict]:
        """The encodings that the chapter needs, as keyword arguments of `keys.encodings_key`."""
        return []

    @classmethod
    def check(cls, values: dict[str, Any], where: str) -> Self:
        """`values` as validated parameters; InputError naming `where`, the parameter, and why."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise InputError(
                "\n".join(f"{where}: {line}" for line in explain(cls, error))
            ) from None


def explain(schema: type[BaseModel], error: ValidationError) -> Iterator[str]:
    """One line per problem: the dotted parameter, what was found, what is expected."""
    for problem in error.errors():
        known = dict(fields(schema, tags=problem["loc"]))
        path = [part for part in problem["loc"] if not _is_tag(part, known)]
        name = ".".join(str(part) for part in path)
        if problem["type"] == "extra_forbidden":
            yield str(unknown_name("parameter", name, known))
            continue
        meaning = known[name].description if name in known else None
        yield (
            f"parameter '{name}': found {problem['input']!r}; "
            f"{problem['msg'][0].lower()}{problem['msg'][1:]}"
            + (f" ({meaning})" if meaning else "")
        )


def _is_tag(part: str | int, known: dict[str, FieldInfo]) -> bool:
    """Whether a part of a pydantic location is the tag of a union, not a parameter's name."""
    return isinstance(part, str) and not any(part in name.split(".") for name in known)


def _nested(field: FieldInfo, tags: tuple = ()) -> list[type[BaseModel]]:
    """The schemas that a field can hold; of a union, the one whose `name` is in `tags`."""
    options = [field.annotation, *get_args(field.annotation)]
    schemas = [o for o in options if isinstance(o, type) and issubclass(o, BaseModel)]
    chosen = [s for s in schemas if getattr(s.model_fields.get("name"), "default", None) in tags]
    return chosen or schemas


def fields(
    schema: type[BaseModel], prefix: str = "", tags: tuple = ()
) -> Iterator[tuple[str, FieldInfo]]:
    """(dotted name, field) of every parameter, nested ones included.

    Of a field that can hold one of several schemas, all are listed unless `tags` names one.
    """
    for name, field in schema.model_fields.items():
        yield prefix + name, field
        for nested in _nested(field, tags):
            yield from fields(nested, f"{prefix}{name}.", tags)
