"""What `mailbridge init` has to know: out of a file and flags, or asked of a person."""

import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from mailbridge.cli.common import UsageProblem, tell
from mailbridge.mailbox.providers import Provider, provider_at, provider_of

MAILBOX = "main"
"""NAME of the mailbox that is written."""

GROUPS = ("ledger", "mailbox", "sink")
NO_SINK = "none"


@dataclass(slots=True)
class Answers:
    """Keys of the tables that will be written.

    Attributes:
        ledger: Of [ledger].
        mailbox: Of [mailboxes.main].
        sink: Of [sinks.NAME]; empty = no sink.
    """

    ledger: dict[str, Any] = field(default_factory=dict)
    mailbox: dict[str, Any] = field(default_factory=dict)
    sink: dict[str, Any] = field(default_factory=dict)

    @property
    def provider(self) -> Provider | None:
        """Whose mailbox it is, None when nobody knows."""
        host, username = self.mailbox.get("host"), self.mailbox.get("username")
        return provider_at(str(host)) if host else provider_of(str(username or ""))

    @property
    def has_secret(self) -> bool:
        """Whether there is something to log in to the mailbox with."""
        return any(name in self.mailbox for name in ("password", "password_file", "token_path", "token_command"))


def answers_of(file: Path | None, flags: Mapping[str, Mapping[str, Any]]) -> Answers:
    """Return what a file and the flags say; flags go before.

    Raises:
        UsageProblem: The file can't be read, or holds something else.
    """
    given = _read(file) if file else {}
    named = {name: {key: value for key, value in table.items() if value is not None} for name, table in flags.items()}
    return Answers(**{name: {**given.get(name, {}), **named.get(name, {})} for name in GROUPS})


def _read(file: Path) -> dict[str, dict[str, Any]]:
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageProblem(f"--answers {file}: can't be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageProblem(f"--answers {file}: is not TOML: {error}") from None
    strange = [name for name, table in tables.items() if name not in GROUPS or not isinstance(table, dict)]
    if strange:
        raise UsageProblem(f"--answers {file}: {strange[0]}: expected the tables [mailbox], [sink] and [ledger] only")
    return {name: _beside(file, table) for name, table in tables.items()}


def _beside(file: Path, table: Mapping[str, Any]) -> dict[str, Any]:
    """Paths of an answers file are relative to it; the configuration may lie elsewhere."""
    is_path = ("_file", "_path", "path")
    return {
        key: str((file.parent / value).absolute()) if key.endswith(is_path) and isinstance(value, str) else value
        for key, value in table.items()
    }


def with_guesses(answers: Answers) -> Answers:
    """Fill in what follows from the address of a known provider."""
    provider = answers.provider
    box = answers.mailbox
    box.setdefault("type", "imap")
    if provider is not None and box["type"] == "imap":
        box.setdefault("host", provider.host)
        if provider.oauth and not answers.has_secret and "oauth_client_id" in box:
            box |= {name: value.format(tenant=box.get("tenant", "common")) for name, value in provider.oauth} | box
            box["auth"] = "xoauth2"
    box.pop("tenant", None)
    return answers


class Person:
    """Asks on standard error; secrets are not shown while they are typed."""

    def mailbox(self, answers: Answers) -> None:
        """Ask for what is missing to reach the mailbox."""
        box = answers.mailbox
        if "username" not in box:
            box["username"] = _asked("E-mail address of the shared mailbox")
        provider = answers.provider
        if provider is not None:
            tell(f"{provider.title}: {provider.hint}")
        if "host" not in box:
            _take_host(box, _asked("IMAP server", provider.host if provider else _guess(box["username"])))
        if answers.has_secret or "oauth_client_id" in box:
            return
        if provider is not None and provider.oauth:
            box["oauth_client_id"] = _asked("Application (client) id")
            box["tenant"] = _asked("Directory (tenant) id", "common")
        else:
            box["password"] = _asked("Password (an app password where the provider has them)", secret=True)

    def again(self, answers: Answers) -> bool:
        """Ask anew for what may have been wrong; return whether the answers have to be tried."""
        box = answers.mailbox
        _take_host(box, _asked("IMAP server", box.get("host")))
        box["username"] = _asked("Log-in name", box.get("username"))
        if "password" in box:
            box["password"] = _asked("Password", secret=True)
        return True

    def sink(self, answers: Answers) -> None:
        """Ask which CRM, and what it needs."""
        if "type" not in answers.sink:
            answers.sink["type"] = self._kind()
        if answers.sink["type"] == NO_SINK:
            return
        for name, about, sample, secret in _needed(answers.sink["type"]):
            if name not in answers.sink and f"{name}_file" not in answers.sink:
                tell(about)
                answers.sink[name] = _asked(f"{name}, such as {sample}" if sample else name, secret=secret)

    def sink_again(self, answers: Answers) -> bool:
        """Ask anew for what the CRM needs; return whether the answers have to be tried."""
        if not typer.confirm("Answer again? (no: write it as it is, and mend it later)", default=True, err=True):
            return False
        for name, _, _, secret in _needed(answers.sink["type"]):
            if name in answers.sink:
                answers.sink[name] = _asked(name, None if secret else answers.sink[name], secret=secret)
        return True

    def _kind(self) -> str:
        from mailbridge.registry import sink_names, sink_type

        names = [name for name in sink_names() if _askable(name)]
        for name in names:
            tell(f"  {name:<12} {sink_type(name).manifest.title}")
        tell(f"  {NO_SINK:<12} nothing yet: interests stay in the ledger")
        while True:
            kind = _asked("Where interests go", NO_SINK)
            if kind in {*names, NO_SINK}:
                return kind
            tell(f"one of: {', '.join([*names, NO_SINK])}")


def is_person_there() -> bool:
    """Whether somebody can answer."""
    return sys.stdin.isatty()


def _needed(kind: str) -> Iterator[tuple[str, str, str, bool]]:
    """Yield (key, what it means, what it looks like, whether it is a secret) of what a sink can't do without."""
    from mailbridge.config.example import keys_of
    from mailbridge.config.settings import sink_model
    from mailbridge.config.tables import is_secret

    model = sink_model(kind)
    for line in keys_of(model):
        if line.role == "required" and line.name != "type":
            sample = "" if line.value == "change me" else str(line.value)
            yield line.name, line.about, sample, is_secret(model.model_fields[line.name])


def _askable(kind: str) -> bool:
    """Whether a person can type all that it needs; a sink that needs tables is set up by its documentation."""
    return not any("{" in sample for _, _, sample, _ in _needed(kind))


def _take_host(box: dict[str, Any], typed: str) -> None:
    """Take "host" or "host:port"; 143 is the port of STARTTLS (RFC 8314 §4.1)."""
    host, colon, port = typed.rpartition(":")
    box["host"] = host if colon and port.isdigit() else typed
    if colon and port.isdigit():
        box |= {"port": int(port)} | ({"tls": "starttls"} if port == "143" else {})


def _guess(address: str) -> str | None:
    domain = address.rpartition("@")[2] if "@" in address else ""
    return f"imap.{domain}" if domain else None


def _asked(what: str, default: str | None = None, *, secret: bool = False) -> str:
    return str(typer.prompt(what, default=default, hide_input=secret, err=True)).strip()
