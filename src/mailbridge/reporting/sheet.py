"""The report as CSV: one table of everything, a row for each number or group; names as in JSON."""

from collections.abc import Iterator
from typing import Any

from mailbridge.ledger.report_facts import DIMENSIONS
from mailbridge.reporting.report import Report, as_json
from mailbridge.sdk.output import csv_text

COLUMNS = (
    "table", "name", "interests", "share", "before", "change", "answered", "waiting", "overdue", "unknown", "late",
    "p50_s", "p95_s",
)  # fmt: skip


def as_csv(report: Report) -> str:
    """Return the report as CSV (RFC 4180); no cell is a formula."""
    return csv_text([COLUMNS, *_rows(report)])


def _rows(report: Report) -> Iterator[list[Any]]:
    told = as_json(report)
    yield _row("total", None, told["total"])
    for dimension in DIMENSIONS:
        for group in told["by"][dimension]:
            yield _row(dimension, "(others)" if group["others"] else group["name"], group)
    yield from (["hour", f"{hour:02}", count] for hour, count in enumerate(told["hours"]))
    yield ["hour", None, told["no_hour"]]
    yield from (["weekday", str(day), count] for day, count in enumerate(told["weekdays"], 1))
    yield from (["day", day["date"], day["interests"], None, day["before"]] for day in told["days"])
    people = told["people"]
    yield ["people", "known", people["known"]]
    yield ["people", "repeat", people["repeat"]]
    yield ["people", "interests of repeat", people["interests"]]
    yield from (["author", one["name"], one["interests"]] for one in people["authors"])


def _row(table: str, name: str | None, group: dict[str, Any]) -> list[Any]:
    return [table, name, *(group[column] for column in COLUMNS[2:])]
