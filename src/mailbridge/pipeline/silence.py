"""Whether a source has been silent for longer than its own history explains. Pure.

For every hour of the week the share of weeks is learned in which the source brought something. Silence lasts too long
when the shares of the hours since its last interest add up to more than some hours that "usually bring something".
Hours, not interests, are counted: a burst says no more than a single one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from mailbridge.pipeline.hours import is_within

HOUR_S = 3600.0
WEEK = 168
LONGEST_WEEKS = 8
"""Older weeks say nothing of how it is now."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What counts as silence; see `[watch]`.

    Attributes:
        expected: So many hours that usually bring something.
        floor_s: Never before.
        history_s: A source must be known for so long.
        hours: Working hours; None = always.
        zone: Where they are.
    """

    expected: float
    floor_s: float
    history_s: float
    hours: str | None
    zone: tzinfo


def silence(seen: Mapping[int, int], last: float, now: float, rule: Rule) -> str | None:
    """Return in words what is missing of a source, None when nothing is.

    Args:
        seen: Hour since 1970 in which it brought something → how much; of the last `LONGEST_WEEKS`.
        last: When it last brought something, unix seconds.
        now: Unix seconds.
        rule: What counts.
    """
    if not seen or now - last < rule.floor_s or last - min(seen) * HOUR_S < rule.history_s:
        return None
    share = _shares(seen, last)
    missed = _expected(last, now, share, rule)
    if missed < rule.expected:
        return None
    return f"nothing for {(now - last) / HOUR_S:.0f} h; {missed:.0f} of these hours usually bring something"


def _shares(seen: Mapping[int, int], last: float) -> Callable[[int], float]:
    """Return hour since 1970 → in which share of the weeks known this hour of the week brought something."""
    first, end = min(seen), int(last // HOUR_S)
    weeks = max(1.0, (end - first + 1) / WEEK)
    counts = [0] * WEEK
    for hour in seen:
        counts[hour % WEEK] += 1
    return lambda hour: min(1.0, counts[hour % WEEK] / weeks)


def _expected(last: float, now: float, share: Callable[[int], float], rule: Rule) -> float:
    """Add up the hours after the last one, at most two weeks of them: more is silence in any case."""
    first = int(last // HOUR_S) + 1
    hours = range(first, min(int(now // HOUR_S), first + 2 * WEEK))
    return sum(share(hour) for hour in hours if _counts(hour, rule))


def _counts(hour: int, rule: Rule) -> bool:
    moment = datetime.fromtimestamp(hour * HOUR_S, rule.zone)
    return rule.hours is None or is_within(rule.hours, moment)
