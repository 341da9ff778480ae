"""`mailbridge interests`: what was read."""

from typing import Annotated, Any

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
    plain,
    short,
)

app = typer.Typer(help="The interests that were read.", invoke_without_command=True)


def _author(row: dict[str, Any]) -> str:
    author = row["author"]
    return str(author["name"] or author["email"] or next(iter(author["phones"]), "-"))


COLUMNS = (
    ("interest", lambda row: short(row["id"], 16)),
    ("occurred", lambda row: clock(row["occurred_at"])),
    ("network", lambda row: row["source"]["network"]),
    ("kind", lambda row: row["kind"]),
    ("author", _author),
    ("labels", lambda row: ", ".join([*([row["priority"]] if row["priority"] else []), *row["labels"]])),
    ("text", lambda row: plain(row["text"] or "", 60)),
    ("trust", lambda row: f"{row['mail']['trust']['verdict']} ({row['mail']['trust']['reason']})"),
    ("responsible", lambda row: plain(row["responsible"] or "-", 30)),
    ("processed", lambda row: clock(row["processed_at"]) if row["processed"] else "-"),
)


@app.callback()
def without_words(
    context: typer.Context,
    config: ConfigOption = CONFIG,
    since: SinceOption = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List interests; see the commands for more."""
    if options_go_here(context):
        list_interests(config, since=since, limit=limit, as_json=as_json)


@app.command("list")
def list_interests(
    config: ConfigOption = CONFIG,
    network: Annotated[str | None, typer.Option(help="Only this network.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only this kind.")] = None,
    since: SinceOption = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List interests, newest first."""
    from mailbridge.ledger.listing import Wanted

    wanted = Wanted(network=network, kind=kind, since=moment(since), limit=limit)
    with ledger_of(config) as ledger:
        emit(ledger.listings.interests(wanted), as_json=as_json, columns=COLUMNS)


@app.command()
def show(
    interest_id: Annotated[str, typer.Argument(help="Its id, or the beginning.")],
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Show one interest with its deliveries, as JSON."""
    with ledger_of(config) as ledger:
        emit_one(ledger.listings.interest(interest_id), as_json=as_json)
