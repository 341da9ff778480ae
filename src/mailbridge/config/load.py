"""Reads the configuration and tells all its problems at once."""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from mailbridge.config.settings import Settings, inner_model, settings_model, sink_model
from mailbridge.mailbox.settings import DirectorySettings, ImapSettings, MaildirSettings, MboxSettings
from mailbridge.registry import PluginError, did_you_mean, sink_names
from mailbridge.sdk import MailbridgeError

_PASSWORD_IN_URL = re.compile(r"(\w://[^/@:]*:)[^/@]+(@)")

ENV_PREFIX = "MAILBRIDGE_"
ENV_OWN = frozenset({"MAILBRIDGE_SAMPLES", "MAILBRIDGE_CI"})
"""Variables of the test suite; no settings."""

MAILBOX_MODELS: dict[str, type[BaseModel]] = {
    "imap": ImapSettings,
    "directory": DirectorySettings,
    "maildir": MaildirSettings,
    "mbox": MboxSettings,
}


class ConfigError(MailbridgeError):
    """The configuration can't be used.

    Attributes:
        problems: Each names a key and says what to do.
    """

    exit_code = 78

    def __init__(self, path: Path | str, problems: Sequence[str]) -> None:
        lines = "".join(f"\n  {problem}" for problem in problems)
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"{path}: {count}{lines}")
        self.problems = tuple(problems)


def load_settings(path: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read a configuration file, the environment over it, secrets from their files.

    Raises:
        ConfigError: With every problem that was found.
    """
    problems: list[str] = []
    tables = _read(path)
    problems += _overlay(tables, os.environ if environment is None else environment)
    _read_secret_files(tables, path.parent, problems)
    try:
        settings = settings_model().model_validate(tables)
    except ValidationError as error:
        raise ConfigError(path, problems + [_told(one, tables) for one in error.errors()]) from None
    except PluginError as error:
        raise ConfigError(path, [*problems, str(error)]) from None
    problems += _gaps(settings)
    if problems:
        raise ConfigError(path, problems)
    return _anchored(settings, path.parent)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(path, ["no such file; write one with: mailbridge config example > config.toml"]) from None
    except OSError as error:
        raise ConfigError(path, [f"can't be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise ConfigError(path, ["is not UTF-8 text"]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, [f"is not TOML: {error}"]) from None


def _overlay(tables: dict[str, Any], environment: Mapping[str, str]) -> Iterator[str]:
    """Put MAILBRIDGE_A__B__C=value over [a.b] c; names of tables and keys compare without case; yield problems."""
    for variable, value in sorted(environment.items()):
        if not variable.startswith(ENV_PREFIX) or variable in ENV_OWN:
            continue
        *parents, key = variable.removeprefix(ENV_PREFIX).split("__")
        if not parents:
            continue  # MAILBRIDGE_X without a table is no setting
        table: Any = tables
        for parent in parents:
            table = table.setdefault(_spelling(table, parent), {}) if isinstance(table, dict) else None
        if isinstance(table, dict):
            table[_spelling(table, key)] = _value(value)
        else:
            yield f"{variable}: a value stands where it names a table"


def _spelling(table: Mapping[str, Any], word: str) -> str:
    return next((key for key in table if key.upper().replace("-", "_") == word.upper()), word.lower())


def _value(text: str) -> Any:
    if not re.match(r"\s*[\[{]", text):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _read_secret_files(tables: Mapping[str, Any], folder: Path, problems: list[str]) -> None:
    for where, table, model in _instances(tables):
        for name in _secrets(model):
            if f"{name}_file" in table:
                _read_secret(table, name, where, folder, problems)


def _instances(tables: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], type[BaseModel]]]:
    """Yield every [mailboxes.NAME] and [sinks.NAME] table with the model of its type."""
    for group in ("mailboxes", "sinks"):
        found = tables.get(group)
        for name, table in found.items() if isinstance(found, dict) else ():
            kind = table.get("type") if isinstance(table, dict) else None
            if group == "mailboxes" and kind in MAILBOX_MODELS:
                yield f"[{group}.{name}]", table, MAILBOX_MODELS[kind]
            elif group == "sinks" and kind in sink_names():
                yield f"[{group}.{name}]", table, sink_model(kind)


def _secrets(model: type[BaseModel]) -> list[str]:
    return [name for name, field in model.model_fields.items() if "SecretStr" in str(field.annotation)]


def _read_secret(table: dict[str, Any], name: str, where: str, folder: Path, problems: list[str]) -> None:
    file = folder / str(table.pop(f"{name}_file"))
    if name in table:
        problems.append(f"{where} {name} and {name}_file are both given: keep one")
        return
    try:
        table[name] = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{where} {name}_file: {file} can't be read: {getattr(error, 'strerror', 'not text')}")
        table[name] = "?"  # so that the missing key is not told as a second problem


def _told(error: ErrorDetails, tables: Mapping[str, Any]) -> str:
    """Return a problem in words that name the table and the key."""
    path = [str(part) for part in error["loc"]]
    if len(path) > 2 and path[0] in {"mailboxes", "sinks"} and _type_of(tables, path) == path[2]:
        del path[2]  # pydantic names the chosen member of the union; nobody wrote it
    *parents, key = path
    where = f"[{'.'.join(parents)}] {key}" if parents else f"[{key}]"
    kind = error["type"]
    if kind == "extra_forbidden":
        return f"{where}: unknown key{did_you_mean(key, _known(path, tables))}"
    if kind == "missing":
        return f"{where}: is missing"
    if kind == "union_tag_not_found":
        return f"[{'.'.join(path)}] type: is missing; one of {', '.join(_types(path[0]))}"
    if kind == "union_tag_invalid":
        wrong = str(_type_of(tables, path))
        return f"[{'.'.join(path)}] type: unknown type {wrong!r}{did_you_mean(wrong, _types(path[0]))}; one of " + (
            ", ".join(_types(path[0]))
        )
    words = error["msg"].removeprefix("Value error, ")
    return f"{where}: {words}"


def _types(group: str) -> list[str]:
    return list(MAILBOX_MODELS) if group == "mailboxes" else sink_names()


def _type_of(tables: Mapping[str, Any], path: Sequence[str]) -> Any:
    table = tables.get(path[0], {}).get(path[1], {}) if len(path) > 1 else {}
    return table.get("type") if isinstance(table, dict) else None


def _known(path: Sequence[str], tables: Mapping[str, Any]) -> list[str]:
    """Return the keys that may stand where an unknown one was found."""
    model: Any = settings_model()
    parents = path[:-1]
    if len(path) > 2 and path[0] in {"mailboxes", "sinks"}:
        kind = str(_type_of(tables, path))
        model = MAILBOX_MODELS.get(kind) if path[0] == "mailboxes" else sink_model(kind)
        parents = path[2:-1]
    for part in parents:
        field = getattr(model, "model_fields", {}).get(part)
        model = inner_model(field) if field is not None else None
    return [*model.model_fields, *(f"{name}_file" for name in _secrets(model))] if model else []


def _gaps(settings: Settings) -> list[str]:
    """Return what is valid and can't work."""
    accounts: dict[str, str] = {}
    problems = []
    for name, sink in settings.sinks.items():
        account_id = sink.account_id or name
        if account_id in accounts:
            problems.append(f"[sinks.{name}] account_id {account_id!r} is that of [sinks.{accounts[account_id]}] too")
        accounts[account_id] = name
        longest_s = longest_request_s(getattr(sink, "timeout_s", 0.0))
        if longest_s >= settings.ledger.lease_s:
            problems.append(
                f"[sinks.{name}] timeout_s: a request may last {longest_s:.0f} s, and [ledger] lease_s = "
                f"{settings.ledger.lease_s:.0f} does not outlive it: nothing would ever be sent; change one of them"
            )
    return problems


def longest_request_s(timeout_s: float) -> float:
    """Return how long one request may last: `CrmClient` waits for connecting (5 s at most), writing and reading."""
    return min(5.0, timeout_s) + 2 * timeout_s


def _anchored(settings: Settings, folder: Path) -> Settings:
    """Make relative paths relative to the configuration file, so that the working directory does not matter."""
    url = settings.ledger.url
    if (match := re.fullmatch(r"sqlite:///(?!/)(.+)", url)) and match[1] != ":memory:":
        url = f"sqlite:///{(folder / match[1]).absolute()}"
    mailboxes = {name: _with_paths(mailbox, folder) for name, mailbox in settings.mailboxes.items()}
    sinks = {name: _with_paths(sink, folder) for name, sink in settings.sinks.items()}
    ledger = settings.ledger.model_copy(update={"url": url})
    return settings.model_copy(update={"ledger": ledger, "mailboxes": mailboxes, "sinks": sinks})


def _with_paths(table: Any, folder: Path) -> Any:
    paths = {name: folder / value for name, value in table if isinstance(value, Path) and not value.is_absolute()}
    return table.model_copy(update=paths)


def reveal(value: Any) -> Any:
    """Return a value for `config show`: secrets masked, models as tables, None left out."""
    if isinstance(value, SecretStr):
        return "********"
    if isinstance(value, BaseModel):
        return {name: reveal(one) for name, one in value if one is not None}
    if isinstance(value, dict):
        return {name: reveal(one) for name, one in value.items() if one is not None}
    if isinstance(value, (list, tuple)):
        return [reveal(one) for one in value]
    if isinstance(value, str):
        return _PASSWORD_IN_URL.sub(r"\1********\2", value)
    return value if isinstance(value, (bool, int, float)) else str(value)
