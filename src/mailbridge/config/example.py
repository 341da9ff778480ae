"""The commented example of the configuration, made from the models, so that it can't be wrong."""

import json
import textwrap
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mailbridge.config.settings import Settings, parser_model, sink_model
from mailbridge.mailbox.settings import DirectorySettings, ImapSettings, MaildirSettings, MboxSettings
from mailbridge.registry import parser_types, sink_names

HEAD = """\
# Configuration of mailbridge. Every key there is, with its default behind a #; keys without # have to be given.
# Every key can also come from the environment: MAILBRIDGE_SINKS__AMO__TOKEN=… is token in [sinks.amo].
# Every secret can come from a file: token_file = "/run/secrets/amo" instead of token.
# Relative paths are relative to this file. Check it with: mailbridge check -c config.toml --connect
"""

WIDTH = 110


def example_text() -> str:
    """Return the whole example; it is a valid configuration as it stands."""
    blocks = [HEAD]
    for name in ("ledger", "log", "run"):
        field = Settings.model_fields[name]
        blocks.append(_block(f"[{name}]", type(field.default), field.description or ""))
    boxes: dict[str, type[BaseModel]] = {
        "main": ImapSettings, "drop": DirectorySettings, "local": MaildirSettings, "old": MboxSettings,
    }  # fmt: skip
    blocks += [_block(f"[mailboxes.{name}]", box, box.__doc__ or "", off=name != "main") for name, box in boxes.items()]
    for name in sorted(sink_names(), key=lambda name: name != "jsonl"):
        sink = sink_model(name)
        blocks.append(_block(f"[sinks.{_instance(name)}]", sink, sink.__doc__ or "", off=name != "jsonl"))
    blocks += [_block(f"[parsers.{name}]", parser_model(name), "", off=True) for name in parser_types()]
    return "\n".join(blocks)


def _instance(name: str) -> str:
    return {"amocrm": "amo", "bitrix24": "bitrix", "jsonl": "file"}.get(name, name)


def _block(header: str, model: type[BaseModel], about: str, *, off: bool = False) -> str:
    lines = [*_comment(" ".join(about.split())), header, *_keys(model)]
    return "\n".join(_off(line) if off else line for line in lines) + "\n"


def _off(line: str) -> str:
    """Comment a line of a table that is not in use; defaults have their # already."""
    return line if line.startswith("#") else f"#{line}" if line else line


def _keys(model: type[BaseModel]) -> Iterator[str]:
    fields = sorted(model.model_fields.items(), key=lambda item: (item[0] != "type", not item[1].is_required()))
    for name, field in fields:
        if name != "type":
            yield from _comment(field.description or "")
        yield from _assignment(name, field)


def _assignment(name: str, field: FieldInfo) -> Iterator[str]:
    if field.is_required():
        yield f"{name} = {toml(_sample(name, field))}"
        return
    default = field.get_default(call_default_factory=True)
    if default is None or default is PydanticUndefined:
        yield f"#{name} = {toml(_sample(name, field))}"
    elif isinstance(default, BaseModel):
        yield f"#{name} = {toml({key: value for key, value in default if value is not None})}"
    else:
        yield f"#{name} = {toml(default)}"


def _sample(name: str, field: FieldInfo) -> Any:
    """Return a value that shows what a key without a default looks like."""
    if field.examples:
        return field.examples[0]
    kinds = str(field.annotation)
    if "Literal[" in kinds:
        return kinds.split("Literal[", 1)[1].split("]", 1)[0].split(",", maxsplit=1)[0].strip("'\" ")
    samples: tuple[tuple[str, Any], ...] = (
        ("SecretStr", "change me"), ("datetime", "2026-01-31T00:00:00+03:00"), ("Path", f"/path/to/{name}"),
        ("bool", False), ("int", 1), ("float", 1.0), ("tuple", []), ("list", []), ("dict", {}),
    )  # fmt: skip
    known = {"host": "imap.example.org", "username": "leads@example.org"}
    return known.get(name) or next((sample for kind, sample in samples if kind in kinds), f"{name} here")


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, WIDTH)]


def toml(value: Any) -> str:
    """Return a value as TOML."""
    if isinstance(value, SecretStr):
        return toml(value.get_secret_value())
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return "[" + ", ".join(toml(one) for one in value) + "]"
    if isinstance(value, BaseModel):
        value = dict(value)
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{json.dumps(str(key))} = {toml(one)}" for key, one in value.items()) + " }"
            if value
            else "{}"
        )
    text = value.value if isinstance(value, Enum) else value.as_posix() if isinstance(value, Path) else str(value)
    return json.dumps(text, ensure_ascii=False)
