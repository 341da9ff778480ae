"""`mailbridge demo`: everything on this machine, with progress and a summary."""

import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from mailbridge.cli.common import PIPE_WIDTH, UsageProblem, needs_testing_extra, plain, tell
from mailbridge.sdk.errors import MailbridgeError

if TYPE_CHECKING:
    from rich.console import Console

    from mailbridge.testing.demo_verdict import Line, Verdict
    from mailbridge.testing.world import World

WIDTH = 150
"""The table of the summary needs this many columns; narrower terminals get a list."""


REPORT_DAYS = 3650
"""The mails of the demo are of many years; the report is about all of them."""

REPORT, TOP = "report.html", 20


class DemoFailed(MailbridgeError):  # noqa: N818 - says what is known
    """Not everything was as it has to be."""

    exit_code = 70


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

    with ExitStack() as stack:
        stack.enter_context(ended_in_order())
        folder = _folder(keep, stack)
        tell("starting the mail server and the three CRMs …")
        running = stack.enter_context(world(folder))
        verdict, seconds = _play(running, Console(stderr=True))
        _summary(running, verdict, seconds)
        _report(running)
        if not once:
            _stay(running)
        elif keep is not None:
            tell(_where_to_look(running))
        _end(running, verdict)


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end the demo as Ctrl-C does: nothing that it started goes on running."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _folder(keep: Path | None, stack: ExitStack) -> Path:
    if keep is None:
        # What a daemon that had to be killed leaves behind must not hide why it was.
        temporary = tempfile.TemporaryDirectory(prefix="mailbridge-demo-", ignore_cleanup_errors=True)
        return Path(stack.enter_context(temporary))
    keep.mkdir(parents=True, exist_ok=True)
    if (keep / "mailbridge.db").exists():
        raise UsageProblem(f"{keep} holds the ledger of an earlier demo: name an empty folder")
    return keep.absolute()


def _play(running: "World", console: "Console") -> "tuple[Verdict, float]":
    from mailbridge.ledger.ledger import Glimpse
    from mailbridge.testing.demo import chosen, divide, play
    from mailbridge.testing.demo_verdict import judge
    from mailbridge.testing.fixtures import cases

    backlog, live = divide(chosen(cases()))
    total = len(backlog) + len(live)
    began = time.monotonic()
    with console.status("starting …") as status:

        def told(what: str, seen: Glimpse) -> None:
            counts = f"{seen.settled}/{total} mails read, {seen.delivered} deliveries done, {seen.open} open"
            status.update(f"{counts}: {what}")

        tell(f"{len(backlog)} mails wait in the mailbox, {len(live)} more will arrive by SMTP")
        calm = play(running, backlog, live, told)
    seconds = time.monotonic() - began
    verdict = judge(running, backlog, live)
    if not calm:
        verdict.problems.insert(0, "not everything became final in time" if running.runs else "the daemon ended")
    return verdict, seconds


def _summary(running: "World", verdict: "Verdict", seconds: float) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    if console.width >= WIDTH:
        _table(console, running, verdict)
    else:
        for line in verdict.lines:
            _listed(console, line)
    leads = ", ".join(f"{count} in {name}" for name, count in verdict.leads.items())
    console.print(
        f"\n{len(verdict.lines)} mails in {seconds:.0f} s; leads: {leads}; doubles: {len(verdict.doubles)}; "
        f"not as expected: {verdict.unexpected}.\nBitrix24 was cut off once after it had stored a batch: "
        f"{verdict.doubted} deliveries were in doubt, searched, and not written again."
    )


def _report(running: "World") -> None:
    """Show the head of the consolidated report, and write its page beside the ledger."""
    from datetime import UTC, datetime

    from rich.console import Console

    from mailbridge.ledger.ledger import Ledger
    from mailbridge.reporting import periods
    from mailbridge.reporting.page import as_html
    from mailbridge.reporting.report import make_report
    from mailbridge.reporting.table import show_head
    from mailbridge.reporting.words import Words

    ledger = Ledger(f"sqlite:///{running.folder / 'mailbridge.db'}", works=False)
    try:
        made = make_report(
            ledger.reports, periods.last_days(REPORT_DAYS, datetime.now(UTC)), "UTC", answer_s=None, top=TOP
        )
    finally:
        ledger.close()
    (running.folder / REPORT).write_text(as_html(made, "en"), encoding="utf-8")
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    console.print()
    show_head(console, made, Words("en"))


def _table(console: "Console", running: "World", verdict: "Verdict") -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(title="mail → outcome → what each CRM holds", box=None, header_style="bold", pad_edge=False)
    for title in ("mail", "came", "outcome", "interests", *(f"leads in {name}" for name in running.crms), "expected"):
        table.add_column(title, overflow="fold", no_wrap=title in {"mail", "came"})
    for line in verdict.lines:
        held = [", ".join(ids) or "-" for ids in line.remote.values()] or ["-"] * len(running.crms)
        about = "; ".join(line.problems) or "yes"
        cells = (line.case, line.way, _outcome(line), plain(line.what, 48), *held, about)
        table.add_row(*(Text(cell, style="red" if line.problems else "") for cell in cells))
    console.print(table)


def _listed(console: "Console", line: "Line") -> None:
    """Show a mail in a few short lines."""
    from rich.text import Text

    console.print(Text(f"{line.case} ({line.way}) → {_outcome(line)}", style="red" if line.problems else "bold"))
    if line.what:
        held = " · ".join(f"{name} {', '.join(ids) or '-'}" for name, ids in line.remote.items())
        console.print(Text(f"  {plain(line.what, 200)} → {held}"))
    for problem in line.problems:
        console.print(Text(f"  {problem}", style="red"))


def _outcome(line: "Line") -> str:
    return line.outcome + (f" ({line.reason})" if line.reason else "")


def _stay(running: "World") -> None:
    tell(
        f"\nIt goes on running. Look around:\n{_where_to_look(running)}\n{_where_it_listens(running)}\nCtrl-C ends it."
    )
    try:
        while running.runs:
            time.sleep(0.5)
    except KeyboardInterrupt:
        tell("stopping …")


def _where_to_look(running: "World") -> str:
    commands = ("interests list", "deliveries list", "quarantine list", "mails list --state ignored")
    lines = [f"  mailbridge {command} -c {running.config}" for command in commands]
    lines.append(f"  mailbridge report -c {running.config} --days {REPORT_DAYS}")
    lines.append(f"  its page, for a browser: {running.folder / REPORT}")
    return "\n".join([*lines, f"  the daemon's log: {running.log}"])


def _where_it_listens(running: "World") -> str:
    mail = running.mail
    lines = [f"  what {name} holds: {address}/_emulator/cards" for name, address in running.addresses.items()]
    lines.append(f"  send a mail to {mail.user} by SMTP at {mail.host}:{mail.smtp_port}")
    lines.append(f"  read the mailbox by IMAP at {mail.host}:{mail.imap_port}; password in config.toml")
    return "\n".join(lines)


def _end(running: "World", verdict: "Verdict") -> None:
    code = running.stop() if running.runs else None
    if code != 0:
        verdict.problems.append("the daemon died" if code is None else f"the daemon ended with exit code {code}")
    if verdict.is_fine:
        return
    if verdict.problems:
        tell("".join(running.log.read_text("utf-8", "replace").splitlines(keepends=True)[-20:]))
    wrong = [f"{line.case}: {'; '.join(line.problems)}" for line in verdict.lines if line.problems]
    raise DemoFailed("\n  ".join(["not as it has to be:", *verdict.problems, *verdict.doubles, *wrong]))
