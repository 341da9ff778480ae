"""`mailbridge audit`: do mailboxes, ledger and CRMs hold the same? For cron and for doubting people."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailbridge.cli.common import CONFIG, ConfigOption, JsonOption, emit, moment, open_ledger, settings_of, tell
from mailbridge.cli.progress import progress
from mailbridge.sdk.errors import MailbridgeError

if TYPE_CHECKING:
    from mailbridge.config import Settings
    from mailbridge.ledger.ledger import Ledger
    from mailbridge.stations.auditing import Difference

Look = Callable[[], "Iterator[Difference]"]

COLUMNS = (
    ("what", lambda row: row["what"]),
    ("where", lambda row: row["where"]),
    ("name", lambda row: row["name"]),
    ("about", lambda row: row["about"]),
)


def audit(
    config: ConfigOption = CONFIG,
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="From then on: 7d, 12h, or 2026-11-21.")] = "7d",
    as_json: JsonOption = False,
) -> None:
    """Compare mailboxes, ledger and CRMs by reading only.

    Exit 0 when they agree, 65 when something is missing, doubled or orphaned, 69 or 77 when a side can't be asked.
    """
    settings = settings_of(config, with_recipes=False)
    began = datetime.fromtimestamp(moment(since) or 0.0, UTC)
    rows: list[dict[str, Any]] = []
    codes = [0]
    sides = len(settings.mailboxes) + 2 * len(settings.sinks)
    with open_ledger(settings) as ledger, progress("sides compared", sides) as watch:
        for number, (what, look) in enumerate(_looks(settings, ledger, began), 1):
            found, code = _looked(what, look)
            rows += found
            codes.append(code)
            watch(number)
    emit(rows, as_json=as_json, columns=COLUMNS)
    tell(f"{len(rows)} differences since {began:%Y-%m-%d %H:%M} UTC")
    code = max(codes) or (65 if rows else 0)
    if code:
        raise typer.Exit(code)


def _looks(settings: "Settings", ledger: "Ledger", since: datetime) -> Iterator[tuple[str, Look]]:
    from mailbridge.ledger.inventory import Inventory
    from mailbridge.stations.auditing import audit_outbox

    inventory = Inventory(ledger.database)
    for name, mailbox in settings.mailboxes.items():
        yield f"mailbox {name}", partial(_mailbox, name, mailbox, ledger, inventory, since)
    for name, sink in settings.sinks.items():
        yield f"ledger for {name}", partial(audit_outbox, name, sink, inventory, since=since)
        yield f"sink {name}", partial(_sink, name, sink, ledger, inventory, since)


def _mailbox(name: str, settings: Any, ledger: "Ledger", inventory: Any, since: datetime) -> "Iterator[Difference]":
    from mailbridge.mailbox.opening import open_mailbox, token_owner
    from mailbridge.ports import Lists
    from mailbridge.stations.auditing import audit_mailbox

    mailbox = open_mailbox(name, settings, tokens=ledger.tokens(token_owner(name)))
    try:
        if isinstance(mailbox, Lists):
            now = datetime.now(UTC)
            yield from audit_mailbox(mailbox, inventory, since=since, poll_s=settings.poll_s, now=now)
    finally:
        mailbox.close()


def _sink(name: str, settings: Any, ledger: "Ledger", inventory: Any, since: datetime) -> "Iterator[Difference]":
    from mailbridge.app import make_sender
    from mailbridge.ledger.suspects import Suspects
    from mailbridge.stations.auditing import audit_sink, audit_suspects

    sender = make_sender(name, settings, ledger, threading.Event())
    try:
        settle_s = settings.search_lag_s
        yield from audit_suspects(sender, inventory, Suspects(ledger.database), settle_s=settle_s)
        yield from audit_sink(sender, inventory, since=since, settle_s=settle_s)
    finally:
        sender.close()


def _looked(what: str, look: Look) -> tuple[list[dict[str, Any]], int]:
    """Return what was found, and the exit code of a side that could not be asked; the others are asked all the same."""
    from dataclasses import asdict

    rows: list[dict[str, Any]] = []
    try:
        rows.extend(asdict(one) for one in look())
    except MailbridgeError as error:
        tell(f"{what} could not be asked: {error}")
        return rows, int(getattr(error, "exit_code", 69))
    return rows, 0
