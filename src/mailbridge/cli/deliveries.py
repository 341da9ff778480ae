"""`mailbridge deliveries`: list, show, and what a person decides: retry, cancel, resolve, resume."""

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
    told,
)

app = typer.Typer(help="Interests on their way to the sinks.", invoke_without_command=True)

Keys = Annotated[list[str], typer.Argument(metavar="KEY", help="Keys, or the beginnings of them.")]

State = Literal["ready", "sending", "waiting", "doubt", "delivered", "dead", "cancelled"]

COLUMNS = (
    ("key", lambda row: short(row["key"], 16)),
    ("sink", lambda row: row["sink"]),
    ("state", lambda row: row["state"]),
    ("tries", lambda row: str(row["attempts"])),
    ("in the CRM", lambda row: row["remote_id"] or ""),
    ("author", lambda row: row["author"] or ""),
    ("changed", lambda row: clock(row["updated_at"])),
    ("reason", lambda row: "; ".join(filter(None, (row["reason"], _suspected(row["suspects"]))))),
)


def _suspected(count: int) -> str:
    return f"perhaps {count + 1} objects in the CRM: see show, then resolve" if count else ""


@app.callback()
def without_words(
    context: typer.Context,
    config: ConfigOption = CONFIG,
    since: SinceOption = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List deliveries; see the commands for more."""
    if options_go_here(context):
        list_deliveries(config, since=since, limit=limit, as_json=as_json)


@app.command("list")
def list_deliveries(
    config: ConfigOption = CONFIG,
    state: Annotated[State | None, typer.Option(metavar="STATE", help=f"One of {', '.join(get_args(State))}.")] = None,
    sink: Annotated[str | None, typer.Option(help="Only this sink.")] = None,
    suspect: Annotated[bool, typer.Option("--suspect", help="Only those that may be in the CRM twice.")] = False,
    since: SinceOption = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List deliveries, newest first."""
    from mailbridge.ledger.listing import Wanted

    with ledger_of(config) as ledger:
        wanted = Wanted(state=state, sink=sink, suspect=suspect, since=moment(since), limit=limit)
        emit(ledger.listings.deliveries(wanted), as_json=as_json, columns=COLUMNS)


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="Its key, or the beginning.")],
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Show one delivery with its steps, attempts and transitions, as JSON."""
    with ledger_of(config) as ledger:
        emit_one(ledger.listings.delivery(key), as_json=as_json)


@app.command()
def retry(keys: Keys, config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Try dead, cancelled or waiting deliveries again; what was perhaps written is searched first."""
    with ledger_of(config) as ledger:
        whole = [ledger.listings.delivery(key)["key"] for key in keys]
        told(ledger.acts.retry(whole), len(whole), what="retried", as_json=as_json)


@app.command()
def cancel(keys: Keys, config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Never send these deliveries."""
    with ledger_of(config) as ledger:
        whole = [ledger.listings.delivery(key)["key"] for key in keys]
        told(ledger.acts.cancel(whole), len(whole), what="cancelled", as_json=as_json)


@app.command()
def resolve(
    key: Annotated[str, typer.Argument(help="Its key, or the beginning.")],
    remote_id: Annotated[str, typer.Option("--remote-id", help="Id of the object in the CRM.")],
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Say that a delivery exists in the CRM, under this id alone: what may have been a second object is judged."""
    with ledger_of(config) as ledger:
        done = ledger.acts.resolve(ledger.listings.delivery(key)["key"], remote_id)
        told(done, 1, what="resolved", as_json=as_json)


@app.command()
def resume(
    account: Annotated[str, typer.Argument(help="The account: NAME of [sinks.NAME], or its account_id.")],
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """End the pause of an account: what was wrong has been mended."""
    with ledger_of(config) as ledger:
        ledger.acts.resume(account)
        told(1, 1, what="resumed", as_json=as_json)
