"""The report itself: figures of the ledger in the days and hours of a timezone, and how they are asked for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from mailbridge.ledger.report_facts import DIMENSIONS, QUARTER_S, Asked, Dimension
from mailbridge.ledger.reports import Figures, Group, Moment, People, Reports
from mailbridge.reporting.periods import Period

SCHEMA = "mailbridge.report/1"


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the period; `before` = interests of the day that it is compared with."""

    date: date
    interests: int
    before: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a period brought.

    Attributes:
        timezone: Whose days and hours these are.
        made_at: When it was counted; who waits and who is late is told as of then.
        answer_s: Until when an interest should be answered; None = any time.
        others: Dimension → how many values stand in the row of all the others.
        hours: Interests by hour of the day, 24 numbers.
        no_hour: Interests of which only the day is known.
        weekdays: From Monday on, 7 numbers.
    """

    period: Period
    timezone: str
    made_at: datetime
    answer_s: float | None
    total: Group
    groups: Mapping[Dimension, Sequence[Group]]
    others: Mapping[Dimension, int]
    hours: Sequence[int]
    no_hour: int
    weekdays: Sequence[int]
    days: Sequence[Day]
    people: People

    def share(self, group: Group) -> float:
        """Return which part of all interests a group is, 0 to 1."""
        return group.interests / self.total.interests if self.total.interests else 0.0


def change(group: Group) -> float | None:
    """Return by which part there were more than before (-1 = all gone); None = there were none before."""
    return (group.interests - group.before) / group.before if group.before else None


def make_report(
    reports: Reports, period: Period, timezone: str, *, answer_s: float | None, top: int = 20, names: bool = False
) -> Report:
    """Return the report of a period.

    Args:
        reports: The ledger's.
        period: In the timezone.
        timezone: Name of it.
        answer_s: `[watch] answer_s`.
        top: So many values of a dimension are told apart.
        names: Whether repeat authors are named.

    Raises:
        LedgerUnavailable: It can't be read now.
    """
    edges = (period.since, period.until, period.before_since, period.before_until)
    since, until, before_since, before_until = (edge.timestamp() for edge in edges)
    asked = Asked(since, until, before_since, before_until, answer_s, top, names)
    found = reports.take(asked)
    return _told(found, period, timezone, answer_s)


def _told(found: Figures, period: Period, timezone: str, answer_s: float | None) -> Report:
    zone = ZoneInfo(timezone)
    hours, weekdays, no_hour = _hours(found.moments, zone)
    return Report(
        period=period,
        timezone=timezone,
        made_at=datetime.fromtimestamp(found.counted_at, zone),
        answer_s=answer_s,
        total=found.total,
        groups=found.groups,
        others=found.others,
        hours=[hours[hour] for hour in range(24)],
        no_hour=no_hour,
        weekdays=[weekdays[day] for day in range(7)],
        days=_days(found.moments, period, zone),
        people=found.people,
    )


def _hours(moments: Mapping[Moment, int], zone: ZoneInfo) -> tuple[Counter[int], Counter[int], int]:
    hours: Counter[int] = Counter()
    weekdays: Counter[int] = Counter()
    no_hour = 0
    for (quarter, before, exact), count in moments.items():
        if before:
            continue
        local = datetime.fromtimestamp(quarter * QUARTER_S, zone)
        weekdays[local.weekday()] += count
        if exact:
            hours[local.hour] += count
        else:
            no_hour += count
    return hours, weekdays, no_hour


def _days(moments: Mapping[Moment, int], period: Period, zone: ZoneInfo) -> list[Day]:
    counts: Counter[tuple[bool, date]] = Counter()
    for (quarter, before, _), count in moments.items():
        counts[before, datetime.fromtimestamp(quarter * QUARTER_S, zone).date()] += count
    back = period.since.date() - period.before_since.date()
    days = [Day(day, counts[False, day], counts[True, day - back]) for day in period.days()]
    # A month may be shorter than the one before: what its last days brought belongs to the last day here.
    beyond = sum(n for (before, day), n in counts.items() if before and day + back > period.last_day)
    return [*days[:-1], Day(days[-1].date, days[-1].interests, days[-1].before + beyond)] if beyond else days


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as one JSON object, with the same names as in interests; keys are public."""
    period = report.period
    return {
        "schema": SCHEMA,
        "since": _moment(period.since),
        "until": _moment(period.until),
        "before": {"since": _moment(period.before_since), "until": _moment(period.before_until)},
        "timezone": report.timezone,
        "made_at": _moment(report.made_at),
        "answer_s": report.answer_s,
        "total": _group(report, report.total),
        "by": {name: [_group(report, one) for one in report.groups[name]] for name in DIMENSIONS},
        "others": {name: report.others[name] for name in DIMENSIONS},
        "hours": list(report.hours),
        "no_hour": report.no_hour,
        "weekdays": list(report.weekdays),
        "days": [{"date": f"{day.date}", "interests": day.interests, "before": day.before} for day in report.days],
        "people": _people(report),
    }


def _people(report: Report) -> dict[str, Any]:
    people, zone = report.people, report.made_at.tzinfo
    authors = [
        {
            "name": one.name,
            "interests": one.interests,
            "networks": one.networks,
            "last_at": _moment(datetime.fromtimestamp(one.last_at, zone)),
        }
        for one in people.authors
    ]
    return {"known": people.known, "repeat": people.repeat, "interests": people.interests, "authors": authors}


def _group(report: Report, group: Group) -> dict[str, Any]:
    return {
        "name": group.name or None,
        "others": group.name is None and group is not report.total,
        "interests": group.interests,
        "share": round(report.share(group), 4),
        "before": group.before,
        "change": None if change(group) is None else round(change(group) or 0.0, 4),
        "answered": group.answered,
        "waiting": group.waiting,
        "overdue": group.overdue,
        "unknown": group.unknown,
        "late": group.late,
        "p50_s": group.p50_s,
        "p95_s": group.p95_s,
    }


def _moment(value: datetime) -> str:
    return value.isoformat(timespec="seconds")
