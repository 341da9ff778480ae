"""The report on a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mailbridge.ledger.report_facts import DIMENSIONS
from mailbridge.reporting.report import Report
from mailbridge.reporting.words import (
    ALL,
    COLUMNS,
    HOUR,
    NETWORKS,
    NO_HOUR,
    REPEAT_AUTHORS,
    TITLES,
    WEEKDAY,
    WEEKDAYS,
    Words,
)
from mailbridge.sdk.output import terminal_line

BAR = 40
"""Letters of the longest bar."""


def show(console: Console, report: Report, words: Words) -> None:
    """Print a report."""
    console.print(Text(f"{words.title()}: {words.period(report)}", style="bold"))
    for line in (words.compared(report), words.made(report), words.deadline(report)):
        console.print(Text(line, style="dim"))
    console.print()
    console.print(_numbers(report, words, "", [(words(ALL), words.cells(report, report.total))]))
    if not report.total.interests and not report.total.before:
        return
    for dimension in DIMENSIONS:
        rows = [
            (words.name(dimension, group, report.others[dimension]), words.cells(report, group))
            for group in report.groups[dimension]
        ]
        console.print(_numbers(report, words, words(TITLES[dimension]), rows))
    console.print(_bars(words(WEEKDAY), [*zip(map(words, WEEKDAYS), report.weekdays, strict=True)], words))
    hours = [(f"{hour:02}:00", count) for hour, count in enumerate(report.hours)]
    console.print(_bars(words(HOUR), hours, words))
    if report.no_hour:
        console.print(Text(words(NO_HOUR, count=report.no_hour), style="dim"))
    console.print(Text(words.people(report)))
    if report.people.authors:
        console.print(_authors(report, words))


def _numbers(report: Report, words: Words, title: str, rows: Sequence[tuple[str, list[str]]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(title, overflow="ellipsis", no_wrap=True, min_width=16)
    for heading in words.headings(report):
        table.add_column(heading, justify="right")
    for name, cells in rows:
        table.add_row(*map(Text, (name, *cells)))
    table.add_section()
    return _spaced(table)


def _bars(title: str, rows: Sequence[tuple[str, int]], words: Words) -> Table:
    most = max((count for _, count in rows), default=0) or 1
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(title)
    table.add_column(words(COLUMNS["interests"]), justify="right")
    table.add_column("")
    for name, count in rows:
        table.add_row(name, words.number(count), "█" * round(count / most * BAR))
    return _spaced(table)


def _authors(report: Report, words: Words) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(words(REPEAT_AUTHORS), overflow="ellipsis", no_wrap=True)
    table.add_column(words(COLUMNS["interests"]), justify="right")
    table.add_column(words(NETWORKS), justify="right")
    for one in report.people.authors:
        table.add_row(Text(terminal_line(one.name, 60)), words.number(one.interests), words.number(one.networks))
    return _spaced(table)


def _spaced(table: Table) -> Table:
    table.add_row()
    return table
