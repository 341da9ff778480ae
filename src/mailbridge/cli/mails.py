"""`mailbridge mails`: list, show, raw bytes."""

import sys
from typing import Annotated, Literal, get_args

import typer

from mailbridge.cli.common import (
    CONFIG,
    ConfigOption,
    JsonOption,
    LimitOption,
    SinceOption,
    clock,
    emit,
    emit_one,
    ledger_of,
    moment,
    options_go_here,
    short,
)

app = typer.Typer(help="What the ledger knows of mails.", invoke_without_command=True)

State = Literal["stored", "parsed", "ignored", "quarantined"]

COLUMNS = (
    ("mail", lambda row: short(row["mail_id"])),
    ("stored", lambda row: clock(row["stored_at"])),
    ("state", lambda row: row["state"]),
    ("reason", lambda row: row["reason"] or ""),
    ("parser", lambda row: row["parser"] or ""),
    ("trust", lambda row: f"{row['trust']} ({row['trust_reason']})" if row["trust"] else ""),
    ("from", lambda row: row["sender"] or ""),
    ("subject", lambda row: row["subject"] or ""),
)


@app.callback()
def without_words(
    context: typer.Context,
    config: ConfigOption = CONFIG,
    since: SinceOption = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List mails; see the commands for more."""
    if options_go_here(context):
        list_mails(config, since=since, limit=limit, as_json=as_json)


@app.command("list")
def list_mails(
    config: ConfigOption = CONFIG,
    state: Annotated[State | None, typer.Option(metavar="STATE", help=f"One of {', '.join(get_args(State))}.")] = None,
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
    as_json: JsonOption = False,
) -> None:
    """Show all that is known of one mail, as JSON; or its raw bytes."""
    with ledger_of(config) as ledger:
        if raw:
            sys.stdout.buffer.write(ledger.listings.raw(mail_id))
        else:
            emit_one(ledger.listings.mail(mail_id), as_json=as_json)
