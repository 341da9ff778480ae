"""The commented example of the configuration, made from the models, so that it can't be wrong."""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from types import MappingProxyType, NoneType
from typing import Any, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mailbridge.config.canary import CanarySettings
from mailbridge.config.reporting import ReportMailSettings
from mailbridge.config.settings import Settings, inner_model, parser_model, sink_model
from mailbridge.mailbox.settings import DirectorySettings, ImapSettings, MaildirSettings, MboxSettings
from mailbridge.pipeline.labelling import DEFAULT_LABELS, LabelRule, ProductRule
from mailbridge.pipeline.replies import ReplyRule
from mailbridge.registry import parser_types, sink_names, sink_type

HEAD = """\
# Configuration of mailbridge: every key there is. `#key = value` shows the default, or what a value looks like where
# absent is the default; `# or key = value` goes only instead of what stands above it. Tables with # before their name
# are not in use: take the # away from the name and from what is (required).
#
# Every key can also come from the environment: MAILBRIDGE_SINKS__AMO__TOKEN=… is token in [sinks.amo].
# Every secret can come from a file: token_file = "/run/secrets/amo" instead of token = "…".
# Relative paths are relative to this file. Check it with: mailbridge check -c config.toml --connect
"""

WIDTH = 116

MAILBOXES: Mapping[str, tuple[type[BaseModel], str]] = {
    "main": (ImapSettings, ""),
    "drop": (DirectorySettings, "/var/spool/mailbridge"),
    "local": (MaildirSettings, "/home/leads/Maildir"),
    "old": (MboxSettings, "/var/mail/leads"),
}
"""NAME of [mailboxes.NAME] → its model and path."""

SAMPLES: Mapping[str, Any] = {
    "host": "imap.example.org",
    "username": "leads@example.org",
    "port": 993,
    "receiver": "mx.example.org",
    "since": datetime.fromisoformat("2026-01-31T00:00:00+03:00"),
    "ca_file": Path("/etc/ssl/own-authority.pem"),
    "token_path": Path("/run/secrets/imap_token"),
    "token_command": ("/usr/local/bin/imap-token", "leads@example.org"),
    "mark_folder": "Done",
    "rate_per_s": 5.0,
}
"""What keys of the core without a default look like; plugins give `examples` to their fields."""


PRODUCT: Mapping[str, Any] = {
    "links": ("https://stoves.example/bricks/",),
    "sources": ("Brick stoves of the north",),
    "words": ("brick stove", "кирпичная печь"),
}

REPLY: Mapping[str, Any] = {"when": {"network": ("vk",), "kind": ("comment",)}}

_AS_IS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Line:
    """One key of a table: `role` says whether it must be given, may be, or only instead of another."""

    name: str
    about: str
    value: Any
    role: str


def example_text() -> str:
    """Return the whole example; it is a valid configuration as it stands, and with every `#key` taken in."""
    blocks = [HEAD]
    for name in (
        "ledger",
        "log",
        "run",
        "limits",
        "retention",
        "trust",
        "recipes",
        "watch",
        "alerts",
        "report",
        "http",
    ):
        field = Settings.model_fields[name]
        blocks.append(_block(f"[{name}]", type(field.default), field.description or ""))
    blocks.append(_block("[report_mail]", ReportMailSettings, ReportMailSettings.__doc__ or "", off=True))
    blocks.append(_block("[canary]", CanarySettings, CanarySettings.__doc__ or "", off=True))
    complaint = DEFAULT_LABELS["complaint"]
    shown = {"words": complaint.words[:3], "max_rating": complaint.max_rating, "priority": complaint.priority}
    about = f"{LabelRule.__doc__} The rule for complaints is there by default, with many more words."
    blocks.append(_block("[labels.complaint]", LabelRule, about, shown, off=True))
    blocks.append(_block("[products.stoves]", ProductRule, ProductRule.__doc__ or "", PRODUCT, off=True))
    blocks.append(_block("[[replies]]", ReplyRule, ReplyRule.__doc__ or "", REPLY, off=True))
    for name, (box, path) in MAILBOXES.items():
        blocks.append(_block(f"[mailboxes.{name}]", box, box.__doc__ or "", {"path": Path(path)}, off=name != "main"))
    for kind in sorted(sink_names(), key=lambda kind: kind != "jsonl"):
        name, model = _instance(kind), sink_model(kind)
        about = f"{sink_type(kind).manifest.title}. {model.__doc__ or ''}"
        blocks.append(_block(f"[sinks.{name}]", model, about, {"account_id": name}, off=kind != "jsonl"))
    for name, parser in parser_types().items():
        rule = {"trust": parser.manifest.trust}
        blocks.append(_block(f"[parsers.{name}]", parser_model(name), parser.manifest.title, rule, off=True))
    return "\n".join(blocks)


def _instance(name: str) -> str:
    return {"amocrm": "amo", "bitrix24": "bitrix", "jsonl": "file"}.get(name, name)


def _block(
    header: str,
    model: type[BaseModel],
    about: str,
    shown: Mapping[str, Any] = MappingProxyType({}),
    *,
    off: bool = False,
) -> str:
    lines = [*comment_lines(" ".join(about.split())), header, *_keys(model, shown)]
    return "\n".join(_off(line) if off else line for line in lines) + "\n"


def _off(line: str) -> str:
    """Comment a line of a table that is not in use; defaults have their # already."""
    return line if line.startswith("#") else f"#{line}"


def _keys(model: type[BaseModel], shown: Mapping[str, Any]) -> Iterator[str]:
    for line in keys_of(model):
        if line.name != "type":
            yield from comment_lines(f"(required) {line.about}".rstrip() if line.role == "required" else line.about)
        mark = {"required": "", "optional": "#", "alternative": "# or "}[line.role]
        yield f"{mark}{line.name} = {toml(shown.get(line.name, line.value))}"


def keys_of(model: type[BaseModel]) -> list[Line]:
    """Return the keys of a table, what must be given first."""
    fields = {name: field for name, field in model.model_fields.items() if field.annotation is not NoneType}
    values = {name: _value(name, field) for name, field in fields.items()}
    required = [name for name, field in fields.items() if field.is_required()]
    required += _needed(model, required, values)
    lines = []
    for name, field in fields.items():
        tried = {one: values[one] for one in [*required, name]}
        role = "required" if name in required else "optional" if _is_valid(model, tried) else "alternative"
        lines.append(Line(name, _about(field), values[name], role))
    return sorted(lines, key=lambda line: (line.name != "type", line.role != "required"))


def _needed(model: type[BaseModel], required: list[str], values: Mapping[str, Any]) -> list[str]:
    """Return the first optional key without which the table is refused, such as a password; [] when none is."""
    base = {name: values[name] for name in required}
    if _is_valid(model, base):
        return []
    return [name for name in values if name not in base and _is_valid(model, {**base, name: values[name]})][:1]


def _is_valid(model: type[BaseModel], values: Mapping[str, Any]) -> bool:
    try:
        model.model_validate(values)
    except ValidationError:
        return False
    return True


def _about(field: FieldInfo) -> str:
    """Return what a key means; for a table in the table with the meaning of its keys."""
    inner = inner_model(field)
    if inner is None or get_origin(field.annotation) is tuple:
        return field.description or ""
    keys = [f"{name}: {one.description}" for name, one in inner.model_fields.items() if one.description]
    return " ".join([field.description or "", *keys])


def _value(name: str, field: FieldInfo) -> Any:
    """Return the default, or a value that shows what a key without one looks like."""
    inner = inner_model(field)
    if inner is not None and get_origin(field.annotation) is tuple:
        return field.examples[0] if field.examples else ()
    if inner is not None:
        own = {line.name: line.value for line in keys_of(inner) if line.role != "alternative"}
        return own | (field.examples or [{}])[0]
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    if default is not None and default is not PydanticUndefined:
        return default
    if field.examples:
        return field.examples[0]
    return SAMPLES[name] if name in SAMPLES else _sample(name, str(field.annotation))


def _sample(name: str, kinds: str) -> Any:
    if match := re.search(r"Literal\['?([^',\]]+)", kinds):
        return match[1]
    samples: tuple[tuple[str, Any], ...] = (
        ("SecretStr", "change me"), ("Path", f"/path/to/{name}"), ("bool", False), ("int", 1), ("float", 1.0),
    )  # fmt: skip
    return next((sample for kind, sample in samples if kind in kinds), "change me")


def comment_lines(text: str) -> list[str]:
    """Return a text as comments of a file, in lines that are not too long."""
    return [f"# {line}" for line in textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)]


def toml(value: Any) -> str:
    """Return a value as TOML."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
        case datetime():
            return value.isoformat()
        case list() | tuple() | set() | frozenset():
            return f"[{', '.join(toml(one) for one in value)}]"
        case BaseModel() | dict():
            pairs = ", ".join(f"{_key(str(key))} = {toml(one)}" for key, one in dict(value).items() if one is not None)
            return f"{{ {pairs} }}" if pairs else "{}"
    return json.dumps(_text(value), ensure_ascii=False)


def _text(value: Any) -> str:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case Enum():
            return str(value.value)
    return value.as_posix() if isinstance(value, Path) else str(value)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)
