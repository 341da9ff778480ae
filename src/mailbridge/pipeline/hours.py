"""Hours of the week, such as "Mo-Fr 09:00-18:00, Sa 10:00-14:00"; "22:00-07:00" goes over midnight. Pure."""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache

DAY = 24 * 60
"""Minutes."""

DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_PART = re.compile(r"(?:(?P<first>[a-z]{2})(?:-(?P<last>[a-z]{2}))? )?(?P<begin>\d\d:\d\d)-(?P<end>\d\d:\d\d)")

Span = tuple[frozenset[int], int, int]
"""Days (0 = Monday), first minute, minute after the last."""


@cache
def spans(text: str) -> tuple[Span, ...]:
    """Return the spans that a text names.

    Raises:
        ValueError: It names none, or one that ends when it begins.
    """
    return tuple(span for part in text.split(",") for span in _spans(" ".join(part.split()).lower(), text))


def is_within(text: str, moment: datetime) -> bool:
    """Return whether a moment, in the zone it is given in, lies within the hours."""
    minute = moment.hour * 60 + moment.minute
    return any(moment.weekday() in days and begin <= minute < end for days, begin, end in spans(text))


def _spans(part: str, text: str) -> Iterator[Span]:
    """Yield the span of a part; two of one that goes into the next day."""
    match = _PART.fullmatch(part)
    if match is None:
        raise ValueError(f"{text!r} names no hours; write them like Mo-Fr 09:00-18:00, Sa 10:00-14:00")
    begin, end = _minute(match["begin"], text), _minute(match["end"], text)
    if begin == end:
        raise ValueError(f"{text!r}: {part} ends when it begins; the whole day is 00:00-24:00")
    first = _day(match["first"] or "mo", text)
    last = _day(match["last"] or match["first"] or "su", text)
    days = range(first, last + 1) if first <= last else [*range(first, 7), *range(last + 1)]
    yield frozenset(days), begin, end if begin < end else DAY
    if end < begin:
        yield frozenset((day + 1) % 7 for day in days), 0, end


def _day(name: str, text: str) -> int:
    if name not in DAYS:
        raise ValueError(f"{text!r}: {name!r} is no day; days are {', '.join(day.title() for day in DAYS)}")
    return DAYS.index(name)


def _minute(clock: str, text: str) -> int:
    hour, minute = map(int, clock.split(":"))
    if minute > 59 or hour * 60 + minute > 24 * 60:
        raise ValueError(f"{text!r}: {clock} is no time of day")
    return hour * 60 + minute
