"""`mailbridge report`: what a period brought, from where, and how it was answered."""

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from mailbridge.cli.common import (
    CONFIG,
    PIPE_WIDTH,
    ConfigOption,
    JsonOption,
    UsageProblem,
    json_text,
    moment,
    open_ledger,
    settings_of,
    tell,
)
from mailbridge.sdk.errors import MailbridgeError
from mailbridge.sdk.translations import LANGUAGES, Language

if TYPE_CHECKING:
    from mailbridge.config import Settings
    from mailbridge.mailbox.smtp import NotSent
    from mailbridge.reporting.periods import Period
    from mailbridge.reporting.report import Report

DAYS = 30
"""Without another wish a report is of so many days."""

BUSY_S = 10.0
"""A ledger that others lock is waited for so long."""


class NobodyToMail(MailbridgeError):  # noqa: N818 - says what is known
    """The configuration names nobody who gets reports."""

    exit_code = 78


@dataclass(frozen=True, slots=True)
class Wish:
    """How the period was given; None = not at all."""

    since: str | None
    until: str | None
    days: int | None
    month: str | None


def report(
    config: ConfigOption = CONFIG,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="From then on: a date such as 2026-11-01, or 7d, 12h.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Until then; a date with that day. Without it: until now.")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=36_600, show_default="30", help="Today and the days before it.")
    ] = None,
    month: Annotated[str | None, typer.Option(metavar="MONTH", help="A month: 2026-11, this, or last.")] = None,
    language: Annotated[str | None, typer.Option(help="ru or en.", show_default="[report] language")] = None,
    names: Annotated[
        bool | None,
        typer.Option("--names/--no-names", help="Name authors who wrote more than once.", show_default=False),
    ] = None,
    top: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Rows of a table.", show_default="[report] top")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a table of everything as CSV; - = standard output.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write one page with charts; - = standard output.")
    ] = None,
    mail: Annotated[bool, typer.Option("--mail", help="Mail it now to those named by the table report_mail.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Interests of a period by source, kind, product, responsible and time, and how they were answered."""
    if sum((as_json, str(csv) == "-", str(html) == "-")) > 1:
        raise UsageProblem("standard output can carry one of them: --json, --csv - or --html -; give the others a file")
    settings = settings_of(config)
    period = period_of(Wish(since, until, days, month), ZoneInfo(settings.watch.timezone))
    told_in = language_of(language, settings)
    if mail and settings.report_mail is None:
        raise NobodyToMail(f"{config}: there is no [report_mail]; see mailbridge config example")
    made = _made(settings, period, names=names, top=top)
    if csv is not None:
        from mailbridge.reporting.sheet import as_csv

        _write(csv, as_csv(made), encoding="utf-8-sig")  # spreadsheets take it for another encoding without the mark
    if html is not None:
        from mailbridge.reporting.page import as_html

        _write(html, as_html(made, told_in))
    if mail:
        _send(settings, made)
    if as_json:
        from mailbridge.reporting.report import as_json as told

        print(json_text(told(made)))
    elif csv is None and html is None and not mail:
        _show(made, told_in)


def _made(settings: "Settings", period: "Period", *, names: bool | None, top: int | None) -> "Report":
    from mailbridge.reporting.report import make_report

    own, watch = settings.report, settings.watch
    with open_ledger(settings, busy_s=BUSY_S) as ledger:
        return make_report(
            ledger.reports,
            period,
            watch.timezone,
            answer_s=watch.answer_s,
            top=own.top if top is None else top,
            names=own.names if names is None else names,
        )


def _send(settings: "Settings", made: "Report") -> None:
    """Mail a report to everybody; who comes after one that is refused gets it all the same.

    Raises:
        NotSent: Somebody did not get it.
    """
    from mailbridge.stations.mailing import send_now

    failures: list[NotSent] = []

    def told(recipient: str, error: "NotSent | None") -> None:
        tell(f"{'not ' if error else ''}sent: {recipient}")
        failures.extend([error] if error else [])

    send_now(settings, made, told)
    if failures:
        raise failures[0]


def _show(made: "Report", language: Language) -> None:
    from rich.console import Console

    from mailbridge.reporting.table import show
    from mailbridge.reporting.words import Words

    show(Console(width=None if sys.stdout.isatty() else PIPE_WIDTH), made, Words(language))


def language_of(given: str | None, settings: "Settings") -> Language:
    """Return the language of a report.

    Raises:
        UsageProblem: There is no such language.
    """
    wanted = given or settings.report.language or settings.alerts.language
    for language in LANGUAGES:
        if language == wanted:
            return language
    raise UsageProblem(f"--language {wanted}: there are {', '.join(LANGUAGES)}")


def period_of(wish: Wish, zone: ZoneInfo) -> "Period":
    """Return the period that was asked for.

    Raises:
        UsageProblem: It can't be understood, holds nothing, or was given twice.
    """
    from mailbridge.reporting import periods

    now = datetime.now(zone)
    ways = [name for name in ("days", "month") if getattr(wish, name) is not None]
    if len(ways) + (wish.since is not None or wish.until is not None) > 1:
        raise UsageProblem("give the period in one way: --since and --until, --days, or --month")
    if wish.month is not None:
        return periods.month(_first_of(wish.month, now), now)
    if wish.since is None and wish.until is None:
        return periods.last_days(wish.days or DAYS, now)
    until = now if wish.until is None else min(_moment(wish.until, zone, ends=True), now)
    since = until - timedelta(days=DAYS) if wish.since is None else _moment(wish.since, zone)
    if since >= until:
        raise UsageProblem(f"there is no time from {_words(since)} to {_words(until)}: --since must be before --until")
    if (until - since).days > periods.LONGEST_DAYS:
        raise UsageProblem(f"--since {wish.since}: that is too long ago")
    return periods.between(since, until)


def _first_of(text: str, now: datetime) -> date:
    this = now.date().replace(day=1)
    if text in {"this", "last"}:
        return this if text == "this" else (this - timedelta(days=1)).replace(day=1)
    with suppress(ValueError):
        first = datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month, no moment
        if first > this:
            raise UsageProblem(f"--month {text}: it has not begun")
        return first
    raise UsageProblem(f"--month {text}: write 2026-11, this, or last")


def _moment(text: str, zone: ZoneInfo, *, ends: bool = False) -> datetime:
    """Return a moment; a date is that day's beginning, or its end, in the timezone of the configuration."""
    from mailbridge.reporting.periods import midnight

    with suppress(ValueError):
        day = date.fromisoformat(text)
        return midnight(day + timedelta(days=1) if ends else day, zone)
    with suppress(ValueError):
        when = datetime.fromisoformat(text)
        return when.astimezone(zone) if when.tzinfo else when.replace(tzinfo=zone)
    return datetime.fromtimestamp(moment(text) or 0.0, zone)


def _words(moment: datetime) -> str:
    return moment.isoformat(" ", timespec="minutes")


def _write(file: Path, text: str, *, encoding: str = "utf-8") -> None:
    """Write a result to a file that others can't read, or to standard output."""
    if str(file) == "-":
        sys.stdout.write(text)
        return
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # it may name people
    with os.fdopen(opened, "w", encoding=encoding, newline="") as out:
        out.write(text)
    tell(f"written: {file}")
