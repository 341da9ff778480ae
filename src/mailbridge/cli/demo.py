"""`mailbridge demo`: everything on this machine, with progress and a summary."""

import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailbridge.cli.common import needs_testing_extra, plain, tell

if TYPE_CHECKING:
    from rich.console import Console

    from mailbridge.testing.demo import Line
    from mailbridge.testing.world import World

WIDTH = 150
"""The summary needs this many columns; narrower terminals wrap its lines."""


def demo(
    once: Annotated[bool, typer.Option("--once", help="Exit after the summary: 0 when all is as expected.")] = False,
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="DIR", help="Keep configuration, ledger and log in this folder.")
    ] = None,
) -> None:
    """Run everything here: a real IMAP server in memory, sample mails, the three CRMs emulated, the daemon."""
    from rich.console import Console

    needs_testing_extra()
    from mailbridge.testing.world import world

    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mailbridge-demo-")))
        if (folder / "mailbridge.db").exists():
            raise typer.BadParameter(f"{folder} holds the ledger of an earlier demo: name an empty folder")
        tell("starting the mail server and the three CRMs …")
        running = stack.enter_context(world(folder.absolute()))
        lines, calm, seconds = _play(running, Console(stderr=True))
        console = Console()
        _summary(console if console.width >= WIDTH else Console(width=WIDTH), running, lines, seconds)
        fine = calm and not any(line.problems for line in lines) and not running.duplicates()
        if not calm:
            tell(f"not everything became final in time; the daemon's log: {running.log}")
            tell("".join(running.log.read_text("utf-8", "replace").splitlines(keepends=True)[-20:]))
        if not once:
            _stay(running)
        code = running.stop() if running.runs else 1
        if not fine or code:
            raise typer.Exit(1)


def _play(running: "World", console: "Console") -> "tuple[list[Line], bool, float]":
    from mailbridge.ledger.ledger import Glimpse
    from mailbridge.testing.demo import chosen, divide, judge, play
    from mailbridge.testing.fixtures import cases

    backlog, live = divide(chosen(cases()))
    total = len(backlog) + len(live)
    began = time.monotonic()
    with console.status("") as status:

        def told(what: str, seen: Glimpse) -> None:
            counts = f"{seen.settled}/{total} mails read, {seen.delivered} deliveries done, {seen.open} open"
            status.update(f"{counts}: {what}")

        tell(f"{len(backlog)} mails wait in the mailbox, {len(live)} more will arrive by SMTP")
        calm = play(running, backlog, live, told)
    seconds = time.monotonic() - began
    return judge(running, backlog, live), calm, seconds


def _summary(console: "Console", running: "World", lines: "Sequence[Line]", seconds: float) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(title="mail → outcome → what each CRM holds", box=None, header_style="bold", pad_edge=False)
    for title in ("mail", "came", "outcome", "interests", *running.crms, "as expected"):
        table.add_column(title, overflow="fold", no_wrap=title in {"mail", "came"})
    for line in lines:
        outcome = line.outcome + (f" ({line.reason})" if line.reason else "")
        held = [", ".join(line.remote.get(name, [])) or "-" for name in running.crms]
        verdict = "; ".join(line.problems) or "yes"
        cells = (line.case, line.way, outcome, plain(line.what, 48), *held, verdict)
        table.add_row(*(Text(cell, style="red" if line.problems else "") for cell in cells))
    console.print(table)
    wrong = sum(bool(line.problems) for line in lines)
    objects = ", ".join(f"{len(crm.keys())} in {name}" for name, crm in running.crms.items())
    doubles = running.duplicates()
    console.print(
        f"\n{len(lines)} mails in {seconds:.0f} s; leads: {objects}; "
        f"doubles: {len(doubles)}; not as expected: {wrong}. Bitrix24 was cut off once after it had stored a batch.",
        highlight=False,
    )


def _stay(running: "World") -> None:
    config = running.config
    tell(f"""
It goes on running. Look around:
  mailbridge interests list -c {config}
  mailbridge deliveries list -c {config}
  mailbridge quarantine list -c {config}
  what a CRM holds:   {"   ".join(f"{address}/_emulator/cards" for address in running.addresses.values())}
  send a mail by SMTP to {running.mail.host}:{running.mail.smtp_port}, read it by IMAP at port {running.mail.imap_port}
  the daemon's log:   {running.log}
Ctrl-C ends it.""")
    try:
        while running.runs:
            time.sleep(0.5)
    except KeyboardInterrupt:
        tell("stopping …")
