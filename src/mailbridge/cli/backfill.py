"""`mailbridge run --backfill`: a history is counted, shown and asked about before any of it reaches a CRM."""

import sys
from contextlib import ExitStack, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from mailbridge.cli.common import UsageProblem, open_ledger, tell

if TYPE_CHECKING:
    from mailbridge.config import Settings
    from mailbridge.ledger.ledger import Ledger
    from mailbridge.stations.surveying import Survey


def backfilled(settings: "Settings", since: float | None, *, yes: bool) -> "Settings":
    """Return the settings under which the history is read, once a person has agreed.

    Args:
        settings: The configuration; its `since` counts for nothing.
        since: Unix seconds: only mails received from then on; None = everything.
        yes: Nobody has to be asked.

    Raises:
        MailboxError: A mailbox can't be read.
        UsageProblem: Nobody is there to be asked.
        typer.Exit: The person does not want it.
    """
    wide = _from(settings, since)
    with ExitStack() as stack:
        there = _has_ledger(settings)
        ledger = stack.enter_context(open_ledger(settings) if there else nullcontext())
        searches = ledger.searches_first if ledger else True
        found = _surveyed(wide, ledger)
    _show(found, wide, searches=searches)
    if found.mails and not yes:
        _ask()
    return wide


def _from(settings: "Settings", since: float | None) -> "Settings":
    start = None if since is None else datetime.fromtimestamp(since, UTC)
    boxes = {
        name: box if box.type == "mbox" else box.model_copy(update={"since": start})
        for name, box in settings.mailboxes.items()
    }
    return settings.model_copy(update={"mailboxes": boxes})


def _has_ledger(settings: "Settings") -> bool:
    from mailbridge.ledger.engine import is_made

    return is_made(settings.ledger.url)


def _surveyed(settings: "Settings", ledger: "Ledger | None") -> "Survey":
    from mailbridge.app import make_crew, receivers
    from mailbridge.cli.progress import progress
    from mailbridge.mailbox.opening import open_mailbox, token_owner
    from mailbridge.stations.replaying import Replayer
    from mailbridge.stations.surveying import Look, Sample, Surveyor, lacking

    with ExitStack() as stack:
        crew = make_crew(settings)  # before any thread
        stack.callback(crew.close)
        looks: list[Look] = []
        for name, box in settings.mailboxes.items():
            mailbox = open_mailbox(name, box, tokens=ledger.tokens(token_owner(name)) if ledger else None)
            stack.callback(mailbox.close)
            looks.append((mailbox, ledger.intake(name, whole=True) if ledger else Sample()))
        replays = ledger.replays if ledger else None
        replayer = Replayer(
            crew, settings.sinks, receivers=receivers(settings), replays=replays, workers=max(1, settings.run.workers)
        )
        # Whoever looks wants to know how long it takes; nobody else has to wait for the count.
        total = sum(lacking(*look) for look in looks) if sys.stderr.isatty() else 0
        watch = stack.enter_context(progress("mails read", total or None))
        return Surveyor(replayer, settings.sinks, watch).survey(looks)


def _show(found: "Survey", settings: "Settings", *, searches: bool) -> None:
    from mailbridge.cli.survey_text import delivery_lines, survey_lines

    tell("history that the ledger does not have yet:")
    for line in [*survey_lines(found), *delivery_lines(found, settings.sinks, searches=searches)]:
        tell(line)


def _ask() -> None:
    if not sys.stdin.isatty():
        raise UsageProblem("nobody is there to be asked: read the preview above, then run it again with --yes")
    if not typer.confirm("Read this history and deliver it now?", err=True):
        tell("nothing was stored or sent")
        raise typer.Exit(0)
