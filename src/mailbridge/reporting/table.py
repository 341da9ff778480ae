"""The report on a terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
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
    SHORT,
    TITLES,
    WEEKDAY,
    WEEKDAYS,
    Words,
    columns,
)
from mailbridge.sdk.output import terminal_line

BAR = 40
"""Letters of the longest bar."""

BESIDE_BAR = 28
"""Letters beside it."""

LEAST_NAME = 18
"""Letters that are left for names."""

GIVES_WAY = ("change", "late", "unknown", "share", "p95_s")
"""Columns that are left out of a narrow terminal, the first one first."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What there is room for, the same in all tables of a report.

    Attributes:
        columns: Their names.
        headings: Their titles.
        left_out: Names of those that had no room.
    """

    columns: Sequence[str]
    headings: Sequence[str]
    left_out: Sequence[str] = ()


def layout(width: int, report: Report, words: Words) -> Layout:
    """Return what a terminal of so many columns has room for: all; else with short titles; else the most important."""
    names = list(columns(report))
    long = {name: words(COLUMNS[name]) for name in names}
    short = long | {name: words(SHORT[name]) for name in names if name in SHORT}
    groups = [report.total, *(group for dimension in DIMENSIONS for group in report.groups[dimension])]
    cells = list(zip(*(words.cells(report, group, names) for group in groups), strict=True))
    longest = {name: max(map(cell_len, values)) for name, values in zip(names, cells, strict=True)}

    def fits(wanted: Sequence[str], titles: Mapping[str, str]) -> bool:
        return LEAST_NAME + sum(2 + max(longest[name], cell_len(titles[name])) for name in wanted) <= width

    titles = long if fits(names, long) else short
    gone: list[str] = []
    for name in GIVES_WAY:
        if fits(names, titles):
            break
        if name in names:
            names.remove(name)
            gone.append(name)
    return Layout(names, [titles[name] for name in names], gone)


def show(console: Console, report: Report, words: Words) -> None:
    """Print a report."""
    console.print(Text(f"{words.title()}: {words.period(report)}", style="bold"))
    for line in (words.compared(report), words.made(report), words.deadline(report)):
        console.print(Text(line, style="dim"))
    console.print()
    room = layout(console.width, report, words)
    console.print(_numbers(room, "", [(words(ALL), words.cells(report, report.total, room.columns))]))
    if not report.total.interests and not report.total.before:
        return
    for dimension in DIMENSIONS:
        rows = [
            (words.name(dimension, group, report.others[dimension]), words.cells(report, group, room.columns))
            for group in report.groups[dimension]
        ]
        console.print(_numbers(room, words(TITLES[dimension]), rows))
    bar = min(BAR, console.width - BESIDE_BAR)
    console.print(_bars(words(WEEKDAY), [*zip(map(words, WEEKDAYS), report.weekdays, strict=True)], words, bar))
    hours = [(f"{hour:02}:00", count) for hour, count in enumerate(report.hours)]
    console.print(_bars(words(HOUR), hours, words, bar))
    if report.no_hour:
        console.print(Text(words(NO_HOUR, count=report.no_hour), style="dim"))
    console.print(Text(words.people(report)))
    if report.people.authors:
        console.print(_authors(report, words))
    if room.left_out:
        console.print(Text(words.left_out(room.left_out), style="dim"))


def show_head(console: Console, report: Report, words: Words) -> None:
    """Print how many there were, and by which type of source."""
    console.print(Text(f"{words.title()}: {words.period(report)}", style="bold"))
    room = layout(console.width, report, words)
    rows = [(words(ALL), words.cells(report, report.total, room.columns))]
    for group in report.groups["channel"]:
        name = words.name("channel", group, report.others["channel"])
        rows.append((name, words.cells(report, group, room.columns)))
    console.print(_numbers(room, words(TITLES["channel"]), rows))


def _numbers(room: Layout, title: str, rows: Sequence[tuple[str, list[str]]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(title, overflow="ellipsis", no_wrap=True, min_width=16)
    for heading in room.headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, cells in rows:
        table.add_row(*map(Text, (name, *cells)))
    table.add_section()
    return _spaced(table)


def _bars(title: str, rows: Sequence[tuple[str, int]], words: Words, longest: int) -> Table:
    most = max((count for _, count in rows), default=0) or 1
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(title)
    table.add_column(words(COLUMNS["interests"]), justify="right")
    table.add_column("")
    for name, count in rows:
        table.add_row(name, words.number(count), "█" * round(count / most * longest))
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
