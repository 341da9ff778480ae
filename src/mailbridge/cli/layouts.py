"""`mailbridge layouts`: what the mails of each source look like, and what has changed."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from mailbridge.cli.common import (
    CONFIG,
    ConfigOption,
    JsonOption,
    clock,
    emit,
    ledger_of,
    options_go_here,
    short,
    tell,
)

app = typer.Typer(help="Layouts of mails: what templates look like, and what has changed.", invoke_without_command=True)


def _fills(row: dict[str, Any]) -> str:
    return "; ".join(
        f"{kind}: " + ", ".join(f"{name} {rate:.0%}" for name, rate in rates.items())
        for kind, rates in row["fill_rates"].items()
    )


COLUMNS = (
    ("layout", lambda row: short(row["id"])),
    ("source", lambda row: row["source"]),
    ("state", lambda row: row["state"]),
    ("mails", lambda row: str(row["mails"])),
    ("first", lambda row: clock(row["first_at"])),
    ("first mail", lambda row: short(row["first_mail"])),
    ("missing", lambda row: ", ".join(row["missing"])),
    ("filled", _fills),
)


@app.callback()
def without_words(context: typer.Context, config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """List layouts; see the commands for more."""
    if options_go_here(context):
        list_layouts(config, as_json=as_json)


@app.command("list")
def list_layouts(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """List the layouts of each source, newest first, with how often each field has a value."""
    with ledger_of(config) as ledger:
        rows = [{**row, **{name: _time(row[name]) for name in ("first_at", "last_at")}} for row in ledger.layouts.all()]
    emit(rows, as_json=as_json, columns=COLUMNS)


@app.command()
def accept(
    layout: Annotated[str, typer.Argument(metavar="LAYOUT", help="Its id, or the beginning of it.")],
    config: ConfigOption = CONFIG,
) -> None:
    """Let the mails of a changed layout pass from now on; what waits is read by `quarantine retry`."""
    with ledger_of(config) as ledger:
        tell(f"accepted {ledger.layouts.accept(layout)}; mailbridge quarantine retry --reason layout_changed")


def _time(value: float) -> str:
    return datetime.fromtimestamp(value, UTC).isoformat(timespec="seconds")
