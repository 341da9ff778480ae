"""The report as one page of HTML: no script and nothing from elsewhere, for screens, phones and paper."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mailbridge.ledger.report_facts import DIMENSIONS, Dimension
from mailbridge.reporting import charts
from mailbridge.reporting.report import Report
from mailbridge.reporting.words import TITLES, Words, columns
from mailbridge.sdk.output import terminal_line
from mailbridge.sdk.translations import Language

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATE = Path(__file__).with_name("page.html.jinja")
_SCRIPT = re.compile(r"<script\b.*?</script>|<\?xml[^>]*\?>", re.DOTALL)


def as_html(report: Report, language: Language) -> str:
    """Return the page."""
    from markupsafe import Markup

    words = Words(language)

    def drawn(both: tuple[str, str]) -> list[Markup]:
        return [Markup(_SCRIPT.sub("", svg)) for svg in both]  # noqa: S704 - pygal escapes what it draws

    title, over_time = charts.timeline(report, words)
    tables = [(words(TITLES[dimension]), list(_rows(report, words, dimension))) for dimension in DIMENSIONS]
    return _template().render(
        language=language,
        words=words,
        report=report,
        names=columns(report),
        headings=words.headings(report),
        total=words.cells(report, report.total),
        tables=tables,
        authors=[(terminal_line(one.name, 60), one.interests, one.networks) for one in report.people.authors],
        timeline=(title, drawn(over_time)),
        hours=drawn(charts.hours(report, words)),
        weekdays=drawn(charts.weekdays(report, words)),
    )


def _rows(report: Report, words: Words, dimension: Dimension) -> Iterator[tuple[str, float, list[str]]]:
    for group in report.groups[dimension]:
        name = words.name(dimension, group, report.others[dimension])
        yield name, report.share(group), words.cells(report, group)


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
