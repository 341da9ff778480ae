"""`mailbridge quarantine`: mails that wait for a person or a newer parser."""

import json
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailbridge.cli.common import (
    CONFIG,
    ConfigOption,
    JsonOption,
    LimitOption,
    SinceOption,
    UsageProblem,
    emit,
    emit_one,
    ledger_of,
    moment,
    open_ledger,
    options_go_here,
    settings_of,
    tell,
    told,
)
from mailbridge.cli.mails import COLUMNS

if TYPE_CHECKING:
    from mailbridge.cli.replay_work import Order

app = typer.Typer(help="Mails that wait for a person, or for a newer parser.", invoke_without_command=True)

MailIds = Annotated[list[str], typer.Argument(metavar="MAIL_ID", help="Ids, or the beginnings of them.")]


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


@app.command()
def show(
    mail_id: Annotated[str, typer.Argument(help="Its id, or the beginning of it.")],
    config: ConfigOption = CONFIG,
    raw: Annotated[bool, typer.Option("--raw", help="The raw bytes instead, to standard output.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Explain one mail: why it waits, which parser came nearest, what that one missed, and what to do."""
    from mailbridge.cli.explanation import explained, show_explained

    settings = settings_of(config, with_recipes=False)
    with open_ledger(settings) as ledger:
        if raw:
            sys.stdout.buffer.write(ledger.listings.raw(mail_id))
            return
        row = ledger.listings.mail(mail_id)
        row["explanation"] = explained(settings, row, ledger.listings.raw(row["id"]), ledger.layouts)
    if as_json:
        emit_one(row, as_json=True)
    else:
        show_explained(row)


@app.command()
def release(mail_ids: MailIds, config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Let mails be read again by the parsers of today; the daemon does it at once."""
    with ledger_of(config) as ledger:
        whole = [ledger.listings.mail(mail_id)["id"] for mail_id in mail_ids]
        told(ledger.acts.release(whole), len(whole), what="released", as_json=as_json)


@app.command()
def retry(
    mail_ids: Annotated[
        list[str] | None, typer.Argument(metavar="MAIL_ID", help="Ids, or the beginnings of them.")
    ] = None,
    config: ConfigOption = CONFIG,
    reason: Annotated[str | None, typer.Option(help="All with this reason.")] = None,
    parser: Annotated[str | None, typer.Option(help="All that this parser was asked for.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that wait.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read mails again, here and now: what can be read leaves the quarantine, the rest stays and says why."""
    from mailbridge.cli.replay_work import Order
    from mailbridge.ledger.listing import Wanted

    if not (mail_ids or reason or parser or everything):
        raise UsageProblem("name the mails, or --reason, --parser, or --all")
    wanted = Wanted(state="quarantined", reason=reason, parser=parser, limit=1 << 40)
    order = Order(settings_of(config), tuple(mail_ids or ()), wanted, limit=1 << 40, workers=None, as_json=as_json)
    left, count = _retried(order)
    tell(f"{count - left} of {count} left the quarantine; the daemon sends what follows")


def _retried(order: "Order") -> tuple[int, int]:
    """Return how many mails still wait, of how many."""
    from mailbridge.cli.replay_work import Counts, looking
    from mailbridge.stations.redelivering import Redelivery

    counts = Counts()
    with looking(order) as (replayer, mails, watch, ledger):
        if ledger is None:
            return 0, 0  # never: `wanted` asks for the ledger
        with closing(Redelivery(ledger.replays, searches_first=ledger.searches_first)) as redelivery:
            for chunk in replayer.read(mails):
                redelivery.settle(chunk)
                redelivery.settle_held()
                for one in chunk:
                    counts.add(one)
                    _show_retried(one.read, as_json=order.as_json)
                watch(counts)
    return counts.outcomes["quarantined"], counts.mails


def _show_retried(read: Any, *, as_json: bool) -> None:
    reading = read.reading
    row = {"mail_id": read.mail_id, "outcome": reading.outcome, "reason": reading.reason, "parser": reading.parser}
    if as_json:
        sys.stdout.write(json.dumps(row | {"detail": reading.detail or None}, ensure_ascii=False) + "\n")
        return
    why = f" ({reading.reason}{': ' + reading.detail if reading.detail else ''})" if reading.reason else ""
    print(f"{read.mail_id[:12]}: {reading.outcome}{why}" + (f" by {reading.parser}" if reading.parser else ""))
