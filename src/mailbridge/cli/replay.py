"""`mailbridge replay`: mails through the whole pipeline again; a dry run unless somebody says --deliver."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from mailbridge.cli.common import CONFIG, ConfigOption, JsonOption, SinceOption, UsageProblem, moment
from mailbridge.cli.mails import State

if TYPE_CHECKING:
    from mailbridge.cli.replay_work import Order
    from mailbridge.config import Settings

MOST = 1 << 40


def replay(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH",
            help="Mails (.eml), mbox files, Maildirs, folders, or -; with --from-ledger ids.",
        ),
    ] = None,
    config: ConfigOption = CONFIG,
    from_ledger: Annotated[
        bool, typer.Option("--from-ledger", help="Mails that the ledger holds: those named, else all.")
    ] = False,
    deliver: Annotated[bool, typer.Option("--deliver", help="Really write it, through the ledger.")] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show only what reads differently than the ledger has it; changes nothing.")
    ] = False,
    sink: Annotated[list[str] | None, typer.Option("--sink", metavar="NAME", help="Only to this sink.")] = None,
    state: Annotated[
        State | None, typer.Option(metavar="STATE", help=f"With --from-ledger: {', '.join(get_args(State))}.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="With --from-ledger: only this reason.")] = None,
    parser: Annotated[str | None, typer.Option(help="With --from-ledger: only what this parser read.")] = None,
    since: SinceOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most this many mails.", show_default="all")] = MOST,
    workers: Annotated[
        int | None, typer.Option("--workers", min=0, max=64, help="Processes that read.", show_default="one per core")
    ] = None,
    new: Annotated[
        bool,
        typer.Option("--new", help="The first run for these accounts: search nothing in the CRM before creating."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing, also for mails that were sent before.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Send mails through the whole pipeline again: shows what would be written, unless --deliver is given."""
    from mailbridge.cli.common import settings_of
    from mailbridge.cli.replay_work import Order
    from mailbridge.ledger.listing import Wanted

    if deliver and diff:
        raise UsageProblem("--diff changes nothing: leave --deliver away, look, then replay with --deliver")
    if not from_ledger and (not paths or state or reason or parser or since):
        raise UsageProblem("name the mails to replay; --state, --reason, --parser and --since need --from-ledger")
    wanted = Wanted(state=state, reason=reason, parser=parser, since=moment(since), limit=limit)
    settings = _only(settings_of(config), sink or [], config)
    order = Order(
        settings, tuple(paths or ()), wanted if from_ledger else None, limit=limit, workers=workers, as_json=as_json
    )
    code = _delivered(order, new=new, yes=yes) if deliver else _shown(order, diff=diff)
    if code:
        raise typer.Exit(code)


def _only(settings: "Settings", names: list[str], config: Path) -> "Settings":
    from mailbridge.config import ConfigError

    unknown = [name for name in names if name not in settings.sinks]
    if unknown:
        there = ", ".join(settings.sinks) or "none"
        raise ConfigError(config, [f"[sinks.{name}]: there is none; there are: {there}" for name in unknown])
    kept = {name: table for name, table in settings.sinks.items() if not names or name in names}
    return settings.model_copy(update={"sinks": kept})


def _shown(order: "Order", *, diff: bool) -> int:
    from mailbridge.cli.replay_rows import difference, row_of, show_difference, show_row
    from mailbridge.cli.replay_work import Counts, Planner, looking

    counts = Counts()
    with ExitStack() as stack:
        replayer, mails, watch, _ = stack.enter_context(looking(order))
        planner = stack.enter_context(Planner(order.settings))
        for chunk in replayer.read(mails):
            for one in chunk:
                counts.add(one)
                if not diff:
                    show_row(row_of(one) | {"requests": planner.requests(one)}, as_json=order.as_json)
                elif row := difference(one):
                    counts.differ += 1
                    show_difference(row, as_json=order.as_json)
            watch(counts)
    counts.require_some(order)
    counts.tell("a dry run: nothing was written" if not diff else f"{counts.differ} mails read differently")
    return 0


def _delivered(order: "Order", *, new: bool, yes: bool) -> int:
    from mailbridge.cli.replay_rows import show_row
    from mailbridge.cli.replay_work import Counts, working

    counts = Counts()
    with working(order, new=new) as work:
        work.settle(counts)
        counts.require_some(order)
        if len(work.redelivery.held) and _agreed(len(work.redelivery.held), yes=yes):
            work.redelivery.settle_held()
        code = work.send()
        for row in work.rows():
            show_row(row, as_json=order.as_json)
        counts.tell(work.summary())
    return code


def _agreed(count: int, *, yes: bool) -> bool:
    if yes or not sys.stdin.isatty():
        return True
    return typer.confirm(f"Of {count} mails something was sent before. Make these new deliveries?", err=True)
