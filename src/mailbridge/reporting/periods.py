"""Periods of a report in a timezone: whole days, weeks from Monday on, months. Pure.

Days begin when the clocks of the timezone show midnight, so that a day may have 23 or 25 hours.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

Every = Literal["day", "week", "month"]

LONGEST_DAYS = 36_600
"""Longer periods hold nothing, and their days can't be counted any more."""


@dataclass(frozen=True, slots=True)
class Period:
    """What a report is about.

    Attributes:
        since: Its first moment, in the timezone of the report.
        until: The moment after its last one.
        before_since: Where the period that it is compared with begins.
        before_until: Where that ends; as far into it as this one has come.
    """

    since: datetime
    until: datetime
    before_since: datetime
    before_until: datetime

    @property
    def last_day(self) -> date:
        """The last day of which something belongs to it."""
        return (self.until.astimezone(UTC) - timedelta(microseconds=1)).astimezone(self.until.tzinfo).date()

    def days(self) -> list[date]:
        """Return its days."""
        first = self.since.date()
        return [first + timedelta(days=number) for number in range((self.last_day - first).days + 1)]


def last_days(count: int, now: datetime) -> Period:
    """Return today so far and the days before it, `count` together."""
    first = now.date() - timedelta(days=count - 1)
    return _compared(midnight(first, now.tzinfo), now, timedelta(days=count))


def between(since: datetime, until: datetime) -> Period:
    """Return any period, compared with one of as many days (or as long, when it is shorter than a day) before it."""
    length = until.astimezone(UTC) - since.astimezone(UTC)
    if length < timedelta(days=1):
        return Period(since, until, _earlier(since, length), since)
    days = (until.date() - since.date()).days + (until.time() > since.time())
    return _compared(since, until, timedelta(days=max(1, days)))


def month(first: date, now: datetime) -> Period:
    """Return the month that begins on a day, so far as it has come by now, compared with the month before."""
    before = (first - timedelta(days=1)).replace(day=1)
    since, end = midnight(first, now.tzinfo), midnight(next_month(first), now.tzinfo)
    until = min(max(now, since), end)
    before_until = since if until == end else min(since, _on_day(before, until, first))
    return Period(since, until, midnight(before, now.tzinfo), before_until)


def last_whole(every: Every, now: datetime) -> Period:
    """Return the day, week or month that ended last."""
    today = now.date()
    if every == "month":
        return month((today.replace(day=1) - timedelta(days=1)).replace(day=1), now)
    length = 1 if every == "day" else 7
    end = today if every == "day" else today - timedelta(days=today.weekday())
    since = end - timedelta(days=length)
    before = since - timedelta(days=length)
    first, last, earlier = (midnight(day, now.tzinfo) for day in (since, end, before))
    return Period(first, last, earlier, first)


def next_month(first: date) -> date:
    """Return the first day of the next month."""
    return (first + timedelta(days=32)).replace(day=1)


def midnight(day: date, zone: tzinfo | None) -> datetime:
    """Return where a day begins."""
    return datetime.combine(day, time(), zone)


def _compared(since: datetime, until: datetime, back: timedelta) -> Period:
    """Return a period with the same hours so many days earlier, by the clocks of the timezone."""
    return Period(since, until, since - back, min(until - back, since))


def _earlier(moment: datetime, length: timedelta) -> datetime:
    return (moment.astimezone(UTC) - length).astimezone(moment.tzinfo)


def _on_day(before: date, until: datetime, first: date) -> datetime:
    """Return the same day and hour of the month before."""
    return datetime.combine(before, time(), until.tzinfo) + (until - midnight(first, until.tzinfo))
