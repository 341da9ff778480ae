"""A survey of a mailbox in words: for `init`, and before `run --backfill` delivers a history."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mailbridge.cli.common import plain

if TYPE_CHECKING:
    from mailbridge.config import SinkSettings
    from mailbridge.stations.surveying import Survey

MOST = 12
"""Lines of each kind; what is rarer is summed up."""


def survey_lines(found: "Survey") -> Iterator[str]:
    """Yield what was found in a mailbox, a line each."""
    if not found.mails:
        yield "no mail to look at"
        return
    span = f", received {found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}" if found.first and found.last else ""
    yield f"{_count(found.mails, 'mail')} read{span}"
    yield f"  {found.outcomes['parsed']:>6,}  hold interests: {_count(found.interests, 'card')}"
    yield from _rows([(count, f"{network} {kind}") for (network, kind), count in found.kinds.most_common()])
    yield f"  {found.outcomes['ignored']:>6,}  are no interest"
    yield from _rows(_because(found, "ignored"))
    yield f"  {found.outcomes['quarantined']:>6,}  would wait in quarantine for you"
    yield from _rows(_because(found, "quarantined"))
    if found.senders:
        yield "          and came from:"
        yield from _rows([(count, plain(domain, 60)) for domain, count in found.senders.most_common()])


def delivery_lines(found: "Survey", sinks: "Mapping[str, SinkSettings]", *, searches: bool) -> Iterator[str]:
    """Yield what would go where, and what that costs each CRM."""
    from mailbridge.registry import sink_type

    for name, settings in sinks.items():
        count, requests = found.deliveries[name], found.requests[name]
        rate = settings.rate_per_s or sink_type(settings.type).rate_per_s
        search = "; each is searched in the CRM first, which costs requests too" if searches else ""
        cost = (
            f"{_count(requests, 'request')} that write, {_duration(requests / rate)} at {rate:g} a second, besides "
            f"look-ups of people{search}"
        )
        yield f"sink {name}: {_count(count, 'new card')}" + (f"; {cost}" if count else "")
    if not sinks:
        yield "no sink: the cards would stay in the ledger"


def _because(found: "Survey", outcome: str) -> list[tuple[int, str]]:
    return [(count, reason) for (state, reason), count in found.reasons.most_common() if state == outcome]


def _rows(rows: list[tuple[int, str]]) -> Iterator[str]:
    for count, what in rows[:MOST]:
        yield f"          {count:>6,}  {what}"
    if len(rows) > MOST:
        yield f"          {sum(count for count, _ in rows[MOST:]):>6,}  of {len(rows) - MOST} other sorts"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    minutes = seconds / 60
    return f"about {round(minutes)} minutes" if minutes < 90 else f"about {minutes / 60:.1f} hours"
