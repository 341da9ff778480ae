"""`mailbridge mails`: list, show, raw bytes."""

import json
import sys
from typing import Annotated

import typer

from mailbridge.cli.common import (
    CONFIG,
    ConfigOption,
    JsonOption,
    LimitOption,
    SinceOption,
    clock,
    emit,
    ledger_of,
    moment,
    short,
)

app = typer.Typer(help="What the ledger knows of mails.", no_args_is_help=True)

COLUMNS = (
    ("mail", lambda row: short(row["mail_id"])),
    ("stored", lambda row: clock(row["stored_at"])),
    ("state", lambda row: row["state"]),
    ("reason", lambda row: row["reason"] or ""),
    ("parser", lambda row: row["parser"] or ""),
    ("trust", lambda row: row["trust"] or ""),
    ("from", lambda row: row["sender"] or ""),
    ("subject", lambda row: row["subject"] or ""),
)


@app.command("list")
def list_mails(
    config: ConfigOption = CONFIG,
    state: Annotated[str | None, typer.Option(help="stored, parsed, ignored or quarantined.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only this reason.")] = None,
    parser: Annotated[str | None, typer.Option(help="Only this parser.")] = None,
    since: SinceOption = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List mails, newest first."""
    from mailbridge.ledger.listing import Wanted

    wanted = Wanted(state=state, reason=reason, parser=parser, since=moment(since), limit=limit)
    with ledger_of(config) as ledger:
        emit(ledger.listings.mails(wanted), as_json=as_json, columns=COLUMNS)


@app.command()
def show(
    mail_id: Annotated[str, typer.Argument(help="Its id, or the beginning of it.")],
    config: ConfigOption = CONFIG,
    raw: Annotated[bool, typer.Option("--raw", help="The raw bytes instead, to standard output.")] = False,
) -> None:
    """Show all that is known of one mail, as JSON; or its raw bytes."""
    with ledger_of(config) as ledger:
        if raw:
            sys.stdout.buffer.write(ledger.listings.raw(mail_id))
        else:
            print(json.dumps(ledger.listings.mail(mail_id), ensure_ascii=False, indent=2, default=str))
