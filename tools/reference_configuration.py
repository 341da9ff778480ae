"""The page on every key of the configuration, out of its models."""

import re
import types
from collections.abc import Iterator, Mapping
from datetime import datetime, time
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mailbridge.config.example import MAILBOXES, toml
from mailbridge.config.settings import Settings, inner_model, parser_model, sink_model
from mailbridge.pipeline.labelling import LabelRule, ProductRule
from mailbridge.pipeline.replies import ReplyRule
from mailbridge.pipeline.when import When
from mailbridge.registry import parser_types, sink_names, sink_type
from tables import cell, code, table

HEAD = """\
# Configuration

Every table and key of `config.toml`. The same with a value for each, ready to be changed, is printed by
`mailbridge config example`; editors get it from `mailbridge config schema`.

- Every key can come from the environment: `MAILBRIDGE_SINKS__AMO__TOKEN` is `token` in `[sinks.amo]`.
- Every secret can come from a file: `token_file = "/run/secrets/amo"` instead of `token = "…"`.
- Relative paths begin at the configuration file.
- NAME is yours to choose; instance tables may repeat.
"""
SIMPLE: Mapping[Any, str] = {
    str: "text", int: "whole number", float: "number", bool: "`true` or `false`", Path: "path", SecretStr: "secret",
    datetime: "date and time", time: "time of day", Any: "any value", dict: "table", object: "any value",
}  # fmt: skip
BOUNDS: Mapping[type, tuple[str, str]] = {
    Ge: ("ge", "at least"), Gt: ("gt", "more than"), Le: ("le", "at most"), Lt: ("lt", "less than"),
    MinLen: ("min_length", "length at least"), MaxLen: ("max_length", "length at most"),
}  # fmt: skip


def configuration_page() -> str:
    """Return the page."""
    return HEAD + "".join(f"\n## {title}\n\n{about}\n\n{keys}\n" for title, about, keys in _tables())


def _tables() -> Iterator[tuple[str, str, str]]:
    done = ("mailboxes", "sinks", "parsers", "labels", "products")
    for name, field in Settings.model_fields.items():
        model = inner_model(field)
        if name not in done and model is not None:
            yield f"`[{name}]`", cell(field.description or ""), _keys(model)
    for name, model in (("labels", LabelRule), ("products", ProductRule)):
        yield f"`[{name}.NAME]`", _about(model), _keys(model)
    yield "`[[replies]]`", _about(ReplyRule), _keys(ReplyRule)
    yield "`when = {…}`", _about(When), _keys(When)
    for model, _ in MAILBOXES.values():
        (kind,) = get_args(model.model_fields["type"].annotation)
        yield f'`[mailboxes.NAME]` of `type = "{kind}"`', _about(model), _keys(model)
    for name in sorted(sink_names()):
        about = f"{sink_type(name).manifest.title}. {_about(sink_model(name))}"
        yield f'`[sinks.NAME]` of `type = "{name}"`', about, _keys(sink_model(name))
    for name, parser in parser_types().items():
        yield f"`[parsers.{name}]`", cell(parser.manifest.title) + ".", _keys(parser_model(name))


def _about(model: type[BaseModel]) -> str:
    return cell((model.__doc__ or "").strip())


def _keys(model: type[BaseModel]) -> str:
    return table(("key", "type", "default", "meaning"), _rows(model, ""))


def _rows(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str, str]]:
    for name, field in model.model_fields.items():
        if field.annotation is types.NoneType:
            continue
        inner, step = _inner(field.annotation)
        yield f"`{prefix}{name}`", kind_of(field), _default(field), cell(field.description or "")
        if inner is not None and inner is not When:
            yield from _rows(inner, f"{prefix}{name}{step}.")


def _inner(kind: Any) -> tuple[type[BaseModel] | None, str]:
    """Return the model of the tables in a key, and how one of several is named."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind, ""
    many = {tuple: "[]", list: "[]", dict: ".NAME"}.get(get_origin(kind), "")
    found = (_inner(one) for one in get_args(kind))
    return next(((model, many + step) for model, step in found if model is not None), (None, ""))


def kind_of(field: FieldInfo) -> str:
    """Return in words what a key takes."""
    bounds = [f"{words} {getattr(one, name)}" for one in field.metadata for name, words in _bound(one)]
    return ", ".join([_words(field.annotation), *bounds])


def _bound(one: Any) -> list[tuple[str, str]]:
    return [BOUNDS[type(one)]] if type(one) in BOUNDS else []


def _words(kind: Any) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return " or ".join(dict.fromkeys(_words(one) for one in inner if one is not types.NoneType))
    if origin is Literal:
        return " or ".join(code(toml(one)) for one in inner)
    if origin in {tuple, list, set, frozenset}:
        return f"list of {_words(inner[0])}"
    if origin is not None and inner and issubclass(origin, Mapping):
        return f"table of {_words(inner[-1])}"
    if origin is not None and inner:
        return _words(inner[0])  # Annotated
    return _single(kind)


def _single(kind: Any) -> str:
    if hasattr(kind, "__value__"):
        return _words(kind.__value__)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return "`when`" if kind is When else "table"
    return SIMPLE.get(kind) or re.sub(r"(?<!^)(?=[A-Z])", " ", getattr(kind, "__name__", "text")).lower()


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined:
        return "absent"
    if isinstance(value, BaseModel):
        return ""
    return code(toml(value))
