"""What every chapter's parameters have in common: validation with errors a person can act on."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, ClassVar, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from fico_lib.pipeline.request import Request
from fico_lib.runtime.errors import InputError, unknown_name

Device = Annotated[
    str,
    Field(pattern=r"^(auto|cpu|cuda(:\d+)?|mps)$", description="auto: a GPU if there is one"),
]


def registered(lookup: Callable[[str], object]) -> AfterValidator:
    """Names that `lookup` knows; it raises the error that tells the nearest."""

    def check(names: Any) -> Any:
        for name in [names] if isinstance(names, str) else names:
            lookup(name)
        return names

    return AfterValidator(check)


def growing(noun: str) -> AfterValidator:
    """Values, called `noun` in the error, that grow, each once."""

    def check(values: list[Any]) -> list[Any]:
        if values != sorted(set(values)):
            raise InputError(f"found {values}; expected {noun} that grow, each once")
        return values

    return AfterValidator(check)


class ChapterParameters(BaseModel):
    """Base of the chapters' schemas. Unknown names are errors; nothing is dropped in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    title: ClassVar[str]
    timed: ClassVar[bool] = False  # a chapter that measures time runs alone
    reads: ClassVar[tuple[str, ...]] = ()  # chapters whose results it shows; they run first
    recorded: ClassVar[str] = ""  # names under book/recorded/<machine>/ that it shows, as a glob

    def data_key(self) -> str:
        """The key of the data that the chapter reads, '' where it reads none."""
        return ""

    def requests(self) -> list[Request]:
        """The encodings that the chapter needs."""
        return []

    @classmethod
    def check(cls, values: dict[str, Any], where: str) -> Self:
        """`values` as validated parameters; InputError naming `where`, the parameter, and why."""
        try:
            checked = cls.model_validate(values)
        except ValidationError as error:
            raise InputError(
                "\n".join(f"{where}: {line}" for line in explain(cls, error))
            ) from None
        if lines := list(_misread(values, checked.model_dump())):
            raise InputError("\n".join(f"{where}: {line}" for line in lines))
        return checked


def _misread(given: Any, taken: Any, name: str = "") -> Iterator[str]:
    """One line per value that pydantic took for another, or that a list holds twice."""
    if isinstance(given, dict) and isinstance(taken, dict):
        for key in given.keys() & taken.keys():
            yield from _misread(given[key], taken[key], f"{name}.{key}".lstrip("."))
    elif isinstance(given, (list, tuple)) and isinstance(taken, (list, tuple)):
        single = [value for value in taken if isinstance(value, (str, int, float))]
        if twice := [value for value in dict.fromkeys(single) if single.count(value) > 1]:
            yield f"parameter '{name}': found {twice[0]!r} twice; expected each once"
        for number, (one, other) in enumerate(zip(given, taken, strict=False)):
            yield from _misread(one, other, f"{name}.{number}")
    elif isinstance(given, bool) and not isinstance(taken, bool):
        yield f"parameter '{name}': found {str(given).lower()}; expected a number"


def explain(schema: type[BaseModel], error: ValidationError) -> Iterator[str]:
    """One line per problem: the dotted parameter, what was found, what is expected."""
    kinds = {kind for _, _, kind in fields(schema)}
    for problem in error.errors():
        known = {name: field for name, field, _ in fields(schema, kinds=problem["loc"])}
        # pydantic's locations name the kind too: data.scenes.n_train is the parameter data.n_train.
        name = ".".join(str(part) for part in problem["loc"] if part not in kinds)
        if problem["type"] == "extra_forbidden":
            yield str(unknown_name("parameter", name, known))
            continue
        if not name:  # several parameters that do not go together: the error names them
            yield str(problem["ctx"]["error"])
            continue
        meaning = known[name].description if name in known else None
        yield (
            f"parameter '{name}': found {problem['input']!r}; "
            f"{problem['msg'][0].lower()}{problem['msg'][1:]}"
            + (f" ({meaning})" if meaning else "")
        )


def fields(
    schema: type[BaseModel], prefix: str = "", kinds: tuple = ()
) -> Iterator[tuple[str, FieldInfo, str]]:
    """(dotted name, field, kind) of every parameter, nested ones included.

    A field may hold one of several schemas, told apart by their `name`: that name is the kind of
    their parameters ('' elsewhere). All are listed, unless `kinds` names one of them.
    """
    for name, field in schema.model_fields.items():
        yield prefix + name, field, ""
        options = _schemas(field)
        chosen = {kind: option for kind, option in options.items() if kind in kinds} or options
        for kind, nested in chosen.items():
            for dotted, inner, inner_kind in fields(nested, f"{prefix}{name}.", kinds):
                yield dotted, inner, inner_kind or (kind if len(options) > 1 else "")


def _schemas(field: FieldInfo) -> dict[str, type[BaseModel]]:
    """The schemas that a field can hold, by kind."""
    options = [field.annotation, *get_args(field.annotation)]
    schemas = [o for o in options if isinstance(o, type) and issubclass(o, BaseModel)]
    return {s.model_fields["name"].default if "name" in s.model_fields else "": s for s in schemas}
