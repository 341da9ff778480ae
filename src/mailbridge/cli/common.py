"""What several commands share: their options, reading the configuration, tables and JSON on standard output."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailbridge.sdk.errors import MailbridgeError
from mailbridge.sdk.output import terminal_json, terminal_line, terminal_text
from mailbridge.sdk.secrets import masked

if TYPE_CHECKING:
    from mailbridge.config import Settings
    from mailbridge.ledger.ledger import Ledger

ConfigOption = Annotated[
    Path,
    # What can't be read is told as every other problem of the configuration is, not as a wrong option.
    typer.Option(
        "-c", "--config", metavar="FILE", help="The configuration file.", show_default="config.toml", readable=False
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, help="Show at most this many.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="Only from then on: 7d, 12h, 30m, or 2026-11-21.")
]

CONFIG = Path("config.toml")
PIPE_WIDTH = 200
WHOLE = 20
"""Columns with nothing longer in them, such as ids and times, are shown whole where the terminal is not too narrow."""
LEAST = 10
"""Letters of a longer text that are shown at least."""

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class UsageProblem(MailbridgeError):  # noqa: N818 - says what is known
    """An option has a value that can't be understood."""

    exit_code = 64


class NoMailFound(MailbridgeError):  # noqa: N818 - says what is known
    """What was given holds no mail."""

    exit_code = 65


def settings_of(path: Path, *, with_recipes: bool = True) -> "Settings":
    """Return the settings, with logging set up; raises ConfigError. `with_recipes` as in `load_settings`."""
    from mailbridge.config import load_settings
    from mailbridge.observe.logging import set_up_logging
    from mailbridge.sdk.secrets import keep_secrets_of

    settings = load_settings(path, with_recipes=with_recipes)
    keep_secrets_of(settings)
    set_up_logging(level=settings.log.level, style=settings.log.format)
    return settings


@contextmanager
def ledger_of(path: Path) -> "Iterator[Ledger]":
    """Open the ledger of a configuration that exists already; raises LedgerError, ConfigError."""
    with open_ledger(settings_of(path, with_recipes=False)) as ledger:
        yield ledger


@contextmanager
def open_ledger(settings: "Settings", *, busy_s: float | None = None) -> "Iterator[Ledger]":
    """Open the ledger of settings for a command that takes no part in the work; `busy_s` as in `Ledger`."""
    from mailbridge.ledger.engine import LedgerError
    from mailbridge.ledger.ledger import Ledger

    file = settings.ledger.url.removeprefix("sqlite:///")
    if settings.ledger.url.startswith("sqlite:") and not Path(file).exists():
        raise LedgerError(f"ledger {file}: there is none yet; `mailbridge run` makes it")
    asked = settings.ledger
    ledger = Ledger(asked.url, lease_s=asked.lease_s, works=False, token_key=asked.key, busy_s=busy_s)
    try:
        yield ledger
    finally:
        ledger.close()


def moment(text: str | None) -> float | None:
    """Return unix seconds of "7d" ago or of a date; None for None.

    Raises:
        UsageProblem: Neither.
    """
    if text is None:
        return None
    if text[:-1].isdigit() and text[-1] in _UNITS:
        return (datetime.now(UTC) - timedelta(**{_UNITS[text[-1]]: int(text[:-1])})).timestamp()
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise UsageProblem(f"{text!r} is no time: write 7d, 12h, 30m, or a date such as 2026-11-21") from None
    return (when if when.tzinfo else when.astimezone()).timestamp()


def needs_testing_extra() -> None:
    """Prove that the packages of the `testing` extra are there.

    Raises:
        UsageProblem: Names the one that is missing and what to do.
    """
    from importlib.util import find_spec

    for package in ("uvicorn", "mail_devel"):
        if find_spec(package) is None:
            raise UsageProblem(f"this command needs {package}: install mailbridge-daemon with its extra [testing]")


def options_go_here(context: typer.Context) -> bool:
    """Return whether a group was called without one of its commands.

    Raises:
        UsageProblem: Options stand before the command, where it would not see them.
    """
    if context.invoked_subcommand is None:
        return True
    given = [name for name in context.params if "COMMANDLINE" in str(context.get_parameter_source(name))]
    if given:
        raise UsageProblem(f"write the options after the command: mailbridge {context.info_name} COMMAND OPTIONS")
    return False


def emit(rows: Sequence[dict[str, Any]], *, as_json: bool, columns: Sequence[tuple[str, Callable[[Any], str]]]) -> None:
    """Print rows: JSON lines, or a table with (title, how to show a row) columns."""
    if as_json:
        for row in rows:
            print(json_text(row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # Piped into less or a file, lines are not cut at 80 columns.
    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title, _ in columns:
        table.add_column(title, overflow="ellipsis", no_wrap=True)
    titles = [title for title, _ in columns]
    for cells in _fitted(titles, [[plain(show(row)) for _, show in columns] for row in rows], console.width):
        table.add_row(*map(Text, cells))
    console.print(table if rows else Text("nothing to show", style="dim"))


def _fitted(titles: Sequence[str], lines: Sequence[Sequence[str]], width: int) -> Iterator[list[str]]:
    """Yield the lines of a table so that each stays one line: columns of text share what ids and times leave."""
    longest = [max(map(len, column)) for column in zip(titles, *lines, strict=True)]
    whole = [length for length in longest if length <= WHOLE]
    texts = len(longest) - len(whole)
    left = width - sum(whole) - 2 * (len(longest) - 1)
    most = max(LEAST, left // texts) if texts else WHOLE
    room = [WHOLE if length <= WHOLE else most for length in longest]
    for line in lines:
        yield [plain(cell, length) for cell, length in zip(line, room, strict=True)]


def emit_one(row: dict[str, Any], *, as_json: bool) -> None:
    """Print one thing with all its parts: as one JSON line, else as JSON a person can read."""
    print(json_text(row, indent=None if as_json else 2))


def json_text(value: Any, *, indent: int | None = None) -> str:
    """Return JSON that standard output can carry: with escapes where its encoding has no such letter.

    What a terminal would obey or hide is an escape, too: a value loses nothing, and does nothing.
    """
    text = terminal_json(json.dumps(value, ensure_ascii=False, indent=indent, default=str))
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent, default=str)
    return text


def told(done: int, of: int, *, what: str, as_json: bool) -> None:
    """Say how many of the named things an act has changed."""
    if as_json:
        print(json_text({"done": done, "of": of}))
    else:
        tell(f"{what} {done} of {of}")


def plain(text: str, length: int = 120) -> str:
    """Return text of a mail so that a terminal shows it and nothing else: no control characters, one line, cut."""
    return terminal_line(text, length)


def tell(text: str) -> None:
    """Say something to the person, on standard error: standard output carries results only."""
    print(terminal_text(masked(text)), file=sys.stderr)


def short(value: str | None, length: int = 12) -> str:
    """Return the beginning of an id, enough to name it in the next command."""
    return (value or "-")[:length]


def clock(value: str | None) -> str:
    """Return an RFC 3339 moment in local time, to the second."""
    return datetime.fromisoformat(value).astimezone().strftime("%Y-%m-%d %H:%M:%S") if value else "-"
