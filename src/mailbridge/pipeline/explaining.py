"""Why a mail was not read: which parser came nearest, and what it missed. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from mailbridge.pipeline.impersonation import Guarded, shows
from mailbridge.sdk import Ignored, Mail, ParseError, Parser, Route, Strength

Missing = Literal["nothing", "sender", "sign", "sender and sign"]

SHOWN = 3
"""So many parsers are named as the nearest."""


@dataclass(frozen=True, slots=True)
class RouteView:
    """One route of a parser beside a mail.

    Attributes:
        name: Of the route.
        strength: How sure it is.
        missing: What would have to be otherwise for it to hold.
        senders: Addresses or domains it asks for; empty = any.
    """

    name: str
    strength: str
    missing: Missing
    senders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near a parser comes to a mail.

    Attributes:
        parser: Its name.
        version: Its version.
        evidence: What its reading rests on.
        routes: Those that hold, else those that nearly do.
        outcome: What it would say if the mail were given to it.
        reason: Why it reads no interest.
        missing: The part of the mail that it could not find; "" when it names none.
        interests: How many interests it would read.
        vouched: Whether the sender is authenticated as the parser asks for.
    """

    parser: str
    version: str
    evidence: str
    routes: tuple[RouteView, ...]
    outcome: str
    reason: str | None
    missing: str
    interests: int
    vouched: bool


def nearest(mail: Mail, parsers: Sequence[Parser], asked: str | None = None) -> list[Nearness]:
    """Return the parsers that come nearest to a mail, nearest first.

    That is the one that was asked and one whose name the sender shows; where routes hold, those; else parsers that
    would read the mail if it came from their senders. Who would not even then explains nothing.

    Args:
        mail: The mail.
        parsers: All of them.
        asked: The parser that was chosen, if one was: it comes first.
    """
    ranked = []
    for parser in sorted(parsers, key=lambda parser: parser.manifest.name):
        is_meant = parser.manifest.name == asked or (asked is None and _is_shown(mail, parser))
        views = sorted(_views(mail, parser.routes, every=is_meant), key=_rank, reverse=True)
        if not views:
            continue
        best = _rank(views[0])
        shown = tuple(view for view in views if view.missing == views[0].missing)[:SHOWN]
        ranked.append((is_meant, best, parser, shown))
    ranked.sort(key=lambda one: (one[0], one[1]), reverse=True)
    holds = any(view.missing == "nothing" and view.strength != _LAST for _, _, _, shown in ranked for view in shown)
    told = ((is_meant, _nearness(mail, parser, shown)) for is_meant, _, parser, shown in ranked)
    return [one for is_meant, one in told if is_meant or _explains(one, holds=holds)][:SHOWN]


_LAST = Strength.FALLBACK.name.lower()


def _is_shown(mail: Mail, parser: Parser) -> bool:
    """Whether the sender wears what only the senders of a parser may."""
    return bool(parser.manifest.guarded_names) and shows(mail, [Guarded.of(parser.manifest)]) is not None


def _explains(one: Nearness, *, holds: bool) -> bool:
    missing = {view.missing for view in one.routes}
    return "nothing" in missing if holds else one.outcome == "parsed" or "sign" in missing


def _views(mail: Mail, routes: Sequence[Route], *, every: bool) -> Iterator[RouteView]:
    """Yield the routes of which at least a part holds; a fallback holds for everything and explains nothing."""
    for route in routes:
        if route.strength is Strength.FALLBACK and not every:
            continue
        sender = Route(route.name, route.strength, route.senders).holds(mail)
        sign = _has_sign(mail, route)
        says_something = (sender and bool(route.senders)) or (sign and route.match is not None)
        if says_something or (every and sender and sign):
            missing: Missing = "nothing" if sender and sign else "sign" if sender else "sender"
            yield RouteView(route.name, route.strength.name.lower(), missing, route.senders)


def _has_sign(mail: Mail, route: Route) -> bool:
    try:
        return route.match is None or route.match(mail)
    except Exception:  # noqa: BLE001 - a plugin's bug: why the mail waits already says so
        return False


def _rank(view: RouteView) -> tuple[bool, bool, int]:
    """A route that holds before one whose sender fits, that before one whose sign fits."""
    return view.missing == "nothing", view.missing == "sign", Strength[view.strength.upper()]


def _nearness(mail: Mail, parser: Parser, routes: tuple[RouteView, ...]) -> Nearness:
    manifest = parser.manifest
    outcome, reason, missing, interests = "quarantined", None, "", 0
    try:
        result = parser.parse(mail)
        if isinstance(result, Ignored):
            outcome, reason = "ignored", result.reason
        else:
            outcome, interests = "parsed", len(result)
    except ParseError as error:
        reason, missing = error.reason, error.detail
    except Exception as error:  # noqa: BLE001 - the bug of a plugin is the explanation
        reason, missing = "parser_failed", repr(error)
    vouched = mail.trust.speaks_for(*manifest.domains) if manifest.domains else mail.trust.verdict == "pass"
    return Nearness(
        manifest.name, manifest.version, manifest.evidence, routes, outcome, reason, missing, interests, vouched
    )
