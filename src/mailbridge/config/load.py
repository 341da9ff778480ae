"""Reads the configuration and tells all its problems at once."""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from mailbridge.config.environment import Overlay
from mailbridge.config.settings import Settings, fitting_model, settings_model
from mailbridge.config.tables import Table, tables_in
from mailbridge.mailbox.settings import DirectorySettings, ImapSettings, MaildirSettings, MboxSettings
from mailbridge.registry import PluginError, did_you_mean, parser_names, sink_names, sink_type
from mailbridge.sdk import MailbridgeError

_PASSWORD_IN_URL = re.compile(r"(\w://[^/@:]*:)[^/@]+(?=@)|([?&](?:ssl)?password=)[^&]+")

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
        super().__init__(f"{path}: {problems[0]}" if len(problems) == 1 else f"{path}: {len(problems)} problems{lines}")
        self.problems = tuple(problems)


def load_settings(path: Path, environment: Mapping[str, str] | None = None, *, with_recipes: bool = True) -> Settings:
    """Read a configuration file, the environment over it, secrets from their files.

    Args:
        path: The file.
        environment: Variables that go before it; None = those of the process.
        with_recipes: Whether recipes that can't be used count as problems: not for commands that read no mail.

    Raises:
        ConfigError: With every problem that was found.
    """
    tables = _read(path)
    overlay = Overlay(tables, os.environ if environment is None else environment, Settings.model_fields)
    problems = overlay.problems
    try:
        problems += _read_secret_files(tables, path.parent)
        model = fitting_model(tables)
        overlay.read_numbers(tables_in(model, tables))
        settings = model.model_validate(tables)
    except ValidationError as error:
        raise ConfigError(path, problems + [_told(one, tables, overlay) for one in error.errors()]) from None
    except PluginError as error:
        raise ConfigError(path, [*problems, str(error)]) from None
    problems += _gaps(settings)
    if problems:
        raise ConfigError(path, problems)
    anchored = _anchored(settings, path.parent)
    return _with_fit_recipes(anchored, path) if with_recipes else anchored


def _with_fit_recipes(settings: Settings, path: Path) -> Settings:
    """Prove that the recipes can be used; they are part of the configuration."""
    if settings.recipes.folder is not None:
        from mailbridge.recipes.folder import RecipeError, read_recipes

        try:
            read_recipes(settings.recipes.folder, parser_names())
        except RecipeError as error:
            raise ConfigError(path, [f"[recipes] {problem}" for problem in error.problems]) from None
    return settings


def require_mailboxes(settings: Settings, path: Path) -> None:
    """Prove that there is a mailbox to read.

    Raises:
        ConfigError: There is none.
    """
    if not settings.mailboxes:
        raise ConfigError(path, ["[mailboxes.NAME]: there is none; `mailbridge config example` shows one"])


def require_recipes(settings: Settings, path: Path) -> None:
    """Prove that the folder of the recipes is there.

    Raises:
        ConfigError: It is not.
    """
    folder = settings.recipes.folder
    if folder is not None and not folder.is_dir():
        raise ConfigError(path, [f"[recipes] {folder}: there is no such folder"])


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(path, ["no such file; write one with: mailbridge init"]) from None
    except OSError as error:
        raise ConfigError(path, [f"can't be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise ConfigError(path, ["is not UTF-8 text"]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, [f"is not TOML: {error}"]) from None


def _read_secret_files(tables: dict[str, Any], folder: Path) -> Iterator[str]:
    """Put the content of KEY_file in the place of KEY; yield problems."""
    for table in tables_in(fitting_model(tables), tables):
        for name in table.secrets():
            if f"{name}_file" in table.values:
                yield from _read_secret(table, name, folder)


def _read_secret(table: Table, name: str, folder: Path) -> Iterator[str]:
    values = table.values
    file = folder / str(values.pop(f"{name}_file"))
    if name in values:
        yield f"{table.header} {name} and {name}_file are both given: keep one"
        return
    try:
        values[name] = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        yield f"{table.header} {name}_file: {file} can't be read: {getattr(error, 'strerror', 'not text')}"
        values[name] = "?"  # so that the missing key is not told as a second problem


def _told(error: ErrorDetails, tables: Mapping[str, Any], overlay: Overlay) -> str:
    """Return a problem in words that name the table and the key."""
    path = tuple(str(part) for part in error["loc"])
    if len(path) > 2 and path[0] in {"mailboxes", "sinks"} and _type_of(tables, path) == path[2]:
        path = path[:2] + path[3:]  # pydantic names the chosen member of the union; nobody wrote it
    return _words(error, path, tables) + overlay.told(path)


def _words(error: ErrorDetails, path: tuple[str, ...], tables: Mapping[str, Any]) -> str:
    *parents, key = path
    where = f"[{'.'.join(parents)}] {key}" if parents else f"[{key}]"
    kind = error["type"]
    if kind == "extra_forbidden":
        return f"{where}: unknown key{did_you_mean(key, _known(path[:-1], tables))}"
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


def _known(path: tuple[str, ...], tables: Mapping[str, Any]) -> list[str]:
    """Return the keys that may stand in a table where an unknown one was found."""
    found = [table for table in tables_in(settings_model(), tables) if table.path == path]
    return [key for one in found for key in (*one.model.model_fields, *(f"{name}_file" for name in one.secrets()))]


def _gaps(settings: Settings) -> list[str]:
    """Return what is valid and can't work."""
    accounts: dict[str, str] = {}
    problems = []
    for name, sink in settings.sinks.items():
        account_id = sink.account_id or name
        if account_id in accounts:
            problems.append(f"[sinks.{name}] account_id {account_id!r} is that of [sinks.{accounts[account_id]}] too")
        accounts[account_id] = name
        if sink.assign and sink.assign.counted() and not hasattr(sink_type(sink.type), "open_counts"):
            words = f"{sink.type} can't tell who has how much to do; take round_robin instead of least_loaded"
            problems.append(f"[sinks.{name}] assign: {words}")
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
    changed: dict[str, Any] = {
        "ledger": settings.ledger.model_copy(update={"url": url}),
        "mailboxes": mailboxes,
        "sinks": sinks,
    }
    changed["canary"] = settings.canary and _with_paths(settings.canary, folder)
    changed["report_mail"] = settings.report_mail and _with_paths(settings.report_mail, folder)
    return settings.model_copy(update={**changed, "recipes": _with_paths(settings.recipes, folder)})


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
        return _PASSWORD_IN_URL.sub(r"\1\2********", value)
    return value if isinstance(value, (bool, int, float)) else str(value)
