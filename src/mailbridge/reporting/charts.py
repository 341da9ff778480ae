"""Charts of the report as SVG, by pygal: no script, nothing from elsewhere."""

import sys
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from math import inf
from typing import Any

from mailbridge.reporting.report import Day, Report
from mailbridge.reporting.words import WEEKDAYS, Words
from mailbridge.sdk.translations import noted

THIS_PERIOD = noted("report", "This period")
PERIOD_BEFORE = noted("report", "The period before")

MOST_DAYS = 62
"""Longer periods are drawn by week, month or year."""

COLOURS = ("#1f6f8b", "#c9d6df")
"""Of the period and of the one before; apart also in print without colours."""

Drawn = tuple[str, str]
"""The chart for wide screens and paper, and that for phones: scaled down, the words of one could not be read."""

PHONE = 400

Bars = Sequence[tuple[str, int, int | None]]
"""Name, interests, those of the period before."""


def timeline(report: Report, words: Words) -> tuple[str, Drawn]:
    """Return the title and the chart of interests over time."""
    days = report.days
    if len(days) <= MOST_DAYS:
        bars = [(f"{one.date.day}.{one.date.month:02}", one.interests, one.before) for one in days]
        return words(noted("report", "Interests by day")), _charts(bars, words)
    _, title, begin, name = next(step for step in _STEPS if len(days) <= step[0])
    return words(title), _charts(_summed(days, begin, name), words)


def hours(report: Report, words: Words) -> Drawn:
    """Return the chart of interests by hour of the day."""
    return _charts([(f"{hour:02}", count, None) for hour, count in enumerate(report.hours)], words, width=640)


def weekdays(report: Report, words: Words) -> Drawn:
    """Return the chart of interests by weekday."""
    names = map(words, WEEKDAYS)
    return _charts([(name, count, None) for name, count in zip(names, report.weekdays, strict=True)], words, width=520)


def _summed(days: Sequence[Day], begin: Callable[[date], date], name: str) -> Bars:
    found: dict[date, list[int]] = {}
    for day in days:
        numbers = found.setdefault(begin(day.date), [0, 0])
        numbers[0] += day.interests
        numbers[1] += day.before
    return [(first.strftime(name), *numbers) for first, numbers in found.items()]  # type: ignore[misc]


def _week(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _month(day: date) -> date:
    return day.replace(day=1)


def _year(day: date) -> date:
    return day.replace(month=1, day=1)


_STEPS: tuple[tuple[float, str, Callable[[date], date], str], ...] = (
    (430, noted("report", "Interests by week"), _week, "%d.%m"),
    (1900, noted("report", "Interests by month"), _month, "%m.%Y"),
    (inf, noted("report", "Interests by year"), _year, "%Y"),
)
"""So many days at most, title, where what is drawn together begins, what it is called."""


def _charts(bars: Bars, words: Words, *, width: int = 900) -> Drawn:
    return _chart(bars, words, width), _chart(bars, words, PHONE)


def _pygal() -> Any:
    """Import the library without the hook that it leaves behind: Python 3.11 warns of it at every later import."""
    import pygal

    sys.meta_path[:] = [hook for hook in sys.meta_path if type(hook).__module__ != pygal.__name__]
    return pygal


def _chart(bars: Bars, words: Words, width: int) -> str:
    pygal = _pygal()
    from pygal.style import Style

    style = Style(
        background="transparent", plot_background="transparent", foreground="#333", foreground_strong="#111",
        foreground_subtle="#bbb", colors=COLOURS, opacity="1", opacity_hover="1", font_family="inherit",
        label_font_size=13, major_label_font_size=13, legend_font_size=14, tooltip_font_size=13,
    )  # fmt: skip
    compared = any(before is not None for _, _, before in bars)
    chart = pygal.Bar(
        style=style, width=width, height=260, js=(), disable_xml_declaration=True, show_legend=compared,
        legend_at_bottom=True, legend_at_bottom_columns=1 if width <= PHONE else 2, legend_box_size=12, margin=8,
        min_scale=3, max_scale=6,
        show_minor_x_labels=False, x_labels_major_every=len(bars) * 45 // width + 1, truncate_label=-1,
        include_x_axis=True, value_formatter=lambda value: words.number(round(value)), show_x_guides=False,
        spacing=6,
    )  # fmt: skip
    chart.x_labels = [name for name, _, _ in bars]
    chart.add(words(THIS_PERIOD), [count for _, count, _ in bars])
    if compared:
        chart.add(words(PERIOD_BEFORE), [before for _, _, before in bars])
    chart.range = (0, max([1, *(number for _, *numbers in bars for number in numbers if number is not None)]))
    drawn: str = chart.render(is_unicode=True)
    return drawn
