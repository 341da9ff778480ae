"""Which model describes which table of the file, at any depth."""

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Path = tuple[str, ...]
UNIONS = frozenset({Union, types.UnionType})


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the file with the model that describes it.

    Attributes:
        path: Its names, such as ("sinks", "amo"); () is the whole file.
        values: What was given.
        model: What may be given.
    """

    path: Path
    values: dict[str, Any]
    model: type[BaseModel]

    @property
    def header(self) -> str:
        """The header that it has in a file."""
        return f"[{'.'.join(self.path)}]"

    def secrets(self) -> list[str]:
        """Return its keys that can also be given by a file, as KEY_file."""
        return [name for name, field in self.model.model_fields.items() if is_secret(field)]


def is_secret(field: FieldInfo) -> bool:
    """Whether a key holds a secret, or may hold one."""
    extra = field.json_schema_extra
    return "SecretStr" in str(field.annotation) or (isinstance(extra, dict) and extra.get("writeOnly") is True)


def kinds_of(annotation: Any) -> set[Any]:
    """Return the types that a key takes: the members of a union, without what is added to them."""
    if get_origin(annotation) is Annotated:
        return kinds_of(get_args(annotation)[0])
    if get_origin(annotation) in UNIONS:
        return {kind for one in get_args(annotation) for kind in kinds_of(one)}
    return {annotation}


def tables_in(model: type[BaseModel], values: Any, path: Path = ()) -> Iterator[Table]:
    """Yield every table of a file that has a model; what has none is refused by validation."""
    if not isinstance(values, dict):
        return
    yield Table(path, values, model)
    for name, field in model.model_fields.items():
        if name in values:
            yield from _below(field.annotation, values[name], (*path, name))


def _below(kind: Any, values: Any, path: Path) -> Iterator[Table]:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        yield from _below(inner[0], values, path)
    elif origin in UNIONS:
        for one in inner:
            if _fits(one, values):
                yield from _below(one, values, path)
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from tables_in(kind, values, path)
    elif isinstance(values, dict) and len(inner) == 2 and origin is not tuple:
        for name, value in values.items():
            yield from _below(inner[1], value, (*path, str(name)))
    elif isinstance(values, (list, dict)) and inner:
        # One table stands for a list of one where a list is asked for.
        for number, value in enumerate(values if isinstance(values, list) else [values]):
            yield from _below(inner[0], value, (*path, str(number)))


def _fits(kind: Any, values: Any) -> bool:
    """Whether a member of a union is meant: models of unions are told apart by their `type`."""
    field = getattr(kind, "model_fields", {}).get("type")
    if field is None or get_origin(field.annotation) is not Literal:
        return True
    return isinstance(values, Mapping) and values.get("type") in get_args(field.annotation)
