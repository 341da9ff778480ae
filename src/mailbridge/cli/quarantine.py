"""`mailbridge quarantine`: mails that wait for a person or a newer parser."""

from typing import Annotated

import typer

from mailbridge.cli.common import (
    CONFIG,
    ConfigOption,
    JsonOption,
    LimitOption,
    SinceOption,
    emit,
    ledger_of,
    moment,
    options_go_here,
    told,
)
from mailbridge.cli.mails import COLUMNS, show

app = typer.Typer(help="Mails that wait for a person, or for a newer parser.", invoke_without_command=True)


@app.callback()
def without_words(
    context: typer.Context,
    config: ConfigOption = CONFIG,
    since: SinceOption = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List quarantined mails; see the commands for more."""
    if options_go_here(context):
        list_quarantine(config, since=since, limit=limit, as_json=as_json)


@app.command("list")
def list_quarantine(
    config: ConfigOption = CONFIG,
    reason: Annotated[str | None, typer.Option(help="Only this reason.")] = None,
    parser: Annotated[str | None, typer.Option(help="Only this parser.")] = None,
    since: SinceOption = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List quarantined mails, newest first."""
    from mailbridge.ledger.listing import Wanted

    wanted = Wanted(state="quarantined", reason=reason, parser=parser, since=moment(since), limit=limit)
    with ledger_of(config) as ledger:
        emit(ledger.listings.mails(wanted), as_json=as_json, columns=COLUMNS)


app.command("show")(show)


@app.command()
def release(
    mail_ids: Annotated[list[str], typer.Argument(metavar="MAIL_ID", help="Ids, or the beginnings of them.")],
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Let mails be read again by the parsers of today; the daemon does it at once."""
    with ledger_of(config) as ledger:
        whole = [ledger.listings.mail(mail_id)["id"] for mail_id in mail_ids]
        told(ledger.acts.release(whole), len(whole), what="released", as_json=as_json)
