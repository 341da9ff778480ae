"""`mailbridge run`: the daemon, or one full cycle."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailbridge.cli.common import CONFIG, ConfigOption, SinceOption, UsageProblem, moment, settings_of, tell

if TYPE_CHECKING:
    from mailbridge.config import Settings


def run(
    config: ConfigOption = CONFIG,
    once: Annotated[
        bool, typer.Option("--once", help="One full cycle, then exit: 0 when all is final, 75 when something waits.")
    ] = False,
    new: Annotated[
        bool, typer.Option("--new", help="The first run for these accounts: search nothing in the CRM before creating.")
    ] = False,
    backfill: Annotated[
        bool, typer.Option("--backfill", help="Deliver the history too, which `since` leaves out: previews and asks.")
    ] = False,
    since: SinceOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="With --backfill: preview, but ask nothing.")] = False,
) -> None:
    """Read the mailboxes and write every interest into the CRMs, until a signal ends it."""
    from mailbridge.lean import OPTIONAL, few_arenas, no_collections, without

    if since and not backfill:
        raise UsageProblem("--since goes with --backfill; for every run it is since in [mailboxes.NAME]")
    few_arenas()
    with no_collections(), without(*OPTIONAL):
        from mailbridge.app import build
        from mailbridge.daemon.once import run_once
        from mailbridge.daemon.service import Service

        settings = _again(config, starts=True)
    if backfill:
        from mailbridge.cli.backfill import backfilled

        settings = backfilled(settings, moment(since), yes=yes)
    with no_collections():
        app = build(settings, new=new, whole=backfill)
    if not once:
        Service(app, lambda: _again(config), build).run()
        return
    try:
        ending = run_once(app)
    finally:
        app.close()
    for name, failure in ending.failures:
        tell(f"mailbridge: {failure}" if name in str(failure) else f"mailbridge: {name}: {failure}")
    for waits in ending.waits:
        tell(f"mailbridge: {waits}")
    raise typer.Exit(ending.exit_code)


def _again(config: Path, *, starts: bool = False) -> "Settings":
    """Read the configuration; a start goes on without the recipes that can't be used, a reload keeps what there is.

    Raises:
        ConfigError: It can't be used.
    """
    from mailbridge.config.load import require_mailboxes, require_recipes

    settings = settings_of(config, with_recipes=not starts)
    require_mailboxes(settings, config)
    require_recipes(settings, config)
    return settings
