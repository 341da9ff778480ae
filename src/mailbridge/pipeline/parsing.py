"""From a decoded mail to its outcome: trust, parser, interests. Pure."""

import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal

from mailbridge.pipeline.canary_mail import HEADER, REASON
from mailbridge.pipeline.impersonation import Guarded, resembles, shows
from mailbridge.pipeline.routing import Candidate, Router
from mailbridge.sdk import (
    Address,
    Enclosed,
    Ignored,
    Interest,
    Mail,
    Manifest,
    ParseError,
    Parser,
    Strength,
    Trust,
    TrustPolicy,
)
from mailbridge.sdk.lookalike_links import LOOKALIKE_LINK, lookalike_links
from mailbridge.sdk.mail import LINKS_HIDDEN

_NO_TRUST = Trust()
_BY_LINKS = frozenset({"social", "site", "review"})
LOOKALIKE = Trust("unknown", "lookalike")

MailOutcome = Literal["parsed", "ignored", "quarantined"]


@dataclass(frozen=True, slots=True)
class Reading:
    """How a mail ended.

    Attributes:
        outcome: parsed, ignored or quarantined.
        reason: Short and constant; None when parsed.
        parser: Name of the parser that was asked, None when none was.
        parser_version: Its version.
        interests: In mail order; empty unless parsed.
        detail: More about the reason, for the person who looks at it.
        asked: Parsers that would take the mail: (name, route, strength), strongest first; see `Router`.
        trust: The verdict about the sender after everything that was seen; never pass for one who looks like a network.
    """

    outcome: MailOutcome
    reason: str | None = None
    parser: str | None = None
    parser_version: str | None = None
    interests: tuple[Interest, ...] = ()
    detail: str = ""
    asked: tuple[tuple[str, str, str], ...] = ()
    trust: Trust = _NO_TRUST


@dataclass(frozen=True, slots=True)
class TrustRules:
    """What is asked of a sender.

    Attributes:
        override: For all parsers (`parse --trust`), or None.
        by_parser: Policy of the configuration per parser name.
        senders: The company's own senders of forms: addresses and domains.
        allowed: Addresses and domains whose look-alike names are their own.
    """

    override: TrustPolicy | None = None
    by_parser: Mapping[str, TrustPolicy] = field(default_factory=dict)
    senders: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    def policy_for(self, manifest: Manifest) -> TrustPolicy:
        """Return the policy of a parser."""
        return self.override or self.by_parser.get(manifest.name, manifest.trust)

    def allows(self, mail: Mail) -> bool:
        """Whether the sender may have a name that looks like that of a network."""
        return is_one_of(mail.sender, (*self.senders, *self.allowed))

    def vouches(self, mail: Mail, manifest: Manifest) -> bool:
        """Whether a sender is authenticated as one who may speak for what a parser reads.

        A parser without domains of its own, such as that of forms, takes the company's senders where they are named:
        anybody can authenticate a domain of his own.
        """
        if manifest.domains:
            return mail.trust.speaks_for(*manifest.domains)
        if mail.trust.verdict != "pass":
            return False
        return not self.senders or mail.trust.reason == "own_server" or is_one_of(mail.sender, self.senders)


def is_one_of(sender: Address, named: Iterable[str]) -> bool:
    """Whether a sender's address or domain is named; a network is none."""
    return any(sender.email == one if "@" in one else sender.is_of(one) for one in named)


def read_mail(mail: Mail, router: Router, rules: TrustRules) -> Reading:
    """Return the outcome of one mail; a parser's bug is an outcome too.

    Raises:
        MemoryError: The mail takes more memory than this process may have; nothing else is ever raised.
    """
    known: dict[str, Any] = {"trust": mail.trust}
    if HEADER in mail.headers:
        return Reading("ignored", REASON, **known)
    try:
        found = router.candidates(mail)
        known["asked"] = tuple(map(_told, found))
        _refuse_impersonation(mail, router.parsers, rules)
        parser = router.choose(mail, found).parser
        known |= {"parser": parser.manifest.name, "parser_version": parser.manifest.version}
        _require_trust(mail, parser.manifest, rules)
        mail = _spoken_for(_doubted(mail, router.parsers, rules), parser.manifest, rules)
        known["trust"] = mail.trust
        result = parser.parse(mail)
        _refuse_hidden_links(mail, result)
        if isinstance(result, Ignored):
            return Reading("ignored", result.reason, **known)
        _refuse_networks_as_authors(result, router.parsers, rules)
        stamped = _stamped(result, parser.manifest)
        return Reading("parsed", interests=tuple(_marked(one, rules) for one in stamped), **known)
    except Enclosed as found:
        return _read_enclosed(found, router, rules, known)
    except ParseError as error:
        if error.reason == "impersonation" and mail.trust.verdict == "pass":
            known["trust"] = LOOKALIKE
        return Reading("quarantined", error.reason, detail=error.detail, **known)
    except MemoryError:
        raise  # of the process, not of the parser
    except Exception:  # noqa: BLE001 - whatever a plugin does, the mail ends in quarantine and the next one goes on
        return Reading("quarantined", "parser_failed", detail=traceback.format_exc(limit=-4), **known)


def _read_enclosed(found: Enclosed, router: Router, rules: TrustRules, known: dict[str, Any]) -> Reading:
    """Read what was passed on by hand, by a parser that knows it for its own; else it is what the outer one said."""
    if not any(one.route.strength > Strength.FALLBACK for one in router.candidates(found.mail)):
        return Reading("quarantined", found.reason, detail=found.detail, **known)
    inside = read_mail(found.mail, router, rules)
    told = tuple(_passed_on(one, found) for one in inside.interests)
    return replace(inside, interests=told, asked=known["asked"], trust=known["trust"])


def _passed_on(interest: Interest, found: Enclosed) -> Interest:
    labels = (*interest.labels, *(label for label in ("forwarded", "unverified") if label not in interest.labels))
    return interest.model_copy(update={"labels": labels, "fields": (*interest.fields, *found.fields)})


def _told(candidate: Candidate) -> tuple[str, str, str]:
    return candidate.parser.manifest.name, candidate.route.name, candidate.route.strength.name.lower()


def _guards(parsers: Iterable[Parser], rules: TrustRules) -> Iterator[Guarded]:
    for parser in parsers:
        if parser.manifest.guarded_names and rules.policy_for(parser.manifest) != "off":
            yield _guarded(parser.manifest)


@lru_cache(maxsize=256)
def _guarded(manifest: Manifest) -> Guarded:
    return Guarded.of(manifest)


def _may_be_named(mail: Mail, parsers: Iterable[Parser], rules: TrustRules) -> bool:
    """Whether a sender may have any name: one that a person named, or an authenticated network (X via LinkedIn)."""
    strict = (one.manifest for one in _guards(parsers, rules) if rules.policy_for(one.manifest) == "require")
    return rules.allows(mail) or any(
        mail.sender.is_of(*manifest.domains) and mail.trust.speaks_for(*manifest.domains) for manifest in strict
    )


def _refuse_impersonation(mail: Mail, parsers: Iterable[Parser], rules: TrustRules) -> None:
    """The name and the look of a network belong to that network's domains only."""
    if _may_be_named(mail, parsers, rules):
        return
    if why := shows(mail, _guards(parsers, rules)):
        raise ParseError("impersonation", why)


def _doubted(mail: Mail, parsers: Iterable[Parser], rules: TrustRules) -> Mail:
    """Return the mail without the good word about a sender who has a network's name in his own."""
    if mail.trust.verdict != "pass" or _may_be_named(mail, parsers, rules):
        return mail
    if not resembles(mail, _guards(parsers, rules)):
        return mail
    return replace(mail, trust=LOOKALIKE)


def _spoken_for(mail: Mail, manifest: Manifest, rules: TrustRules) -> Mail:
    """Return the mail without the good word when it is read as a network's and is no word about the network."""
    if manifest.trust != "require" or mail.trust.verdict != "pass" or rules.vouches(mail, manifest):
        return mail
    return replace(mail, trust=Trust("unknown", "not_aligned", mail.trust.domains))


def _require_trust(mail: Mail, manifest: Manifest, rules: TrustRules) -> None:
    if rules.policy_for(manifest) != "require":
        return
    if not rules.vouches(mail, manifest):
        raise ParseError("unauthenticated", f"claims to be {manifest.title}; verdict {mail.trust.reason}")


def _refuse_networks_as_authors(interests: Iterable[Interest], parsers: Iterable[Parser], rules: TrustRules) -> None:
    """No person writes from where a network sends its notifications: somebody passed one on, or imitates one."""
    networks = [one.manifest for one in parsers if rules.policy_for(one.manifest) == "require"]
    for interest in interests:
        author = Address("", interest.author.email or "")
        if network := next((one for one in networks if author.is_of(*one.domains)), None):
            raise ParseError("unauthenticated", f"shows an address of {network.title} as the author's")


def _refuse_hidden_links(mail: Mail, result: Ignored | Sequence[Interest]) -> None:
    """Who did what and where is told by links; where nobody can read them, names and words are guessed at."""
    if LINKS_HIDDEN not in mail.defects:
        return
    unsure = result.reason == "digest" if isinstance(result, Ignored) else _are_told_by_links(result)
    if unsure:
        raise ParseError("links_hidden", "a mail gateway replaced the links by its own; let it leave this sender alone")


def _are_told_by_links(interests: Iterable[Interest]) -> bool:
    return any(one.source.channel in _BY_LINKS for one in interests)


def _stamped(interests: Sequence[Interest], manifest: Manifest) -> tuple[Interest, ...]:
    if not interests:
        raise ParseError("nothing_found", "the parser returned no interest")
    origin = {"parser": manifest.name, "parser_version": manifest.version}
    # One event told twice in one mail is one interest.
    unique = {interest.id: interest for interest in reversed(interests)}
    kept = [interest for interest in interests if unique[interest.id] is interest]
    return tuple(_with_origin(one, {**origin, "evidence": _evidence(one, manifest)}) for one in kept)


def _marked(interest: Interest, rules: TrustRules) -> Interest:
    """Return an interest labelled where a link leads to a host that only looks like a known one and nobody allows."""
    named = tuple(one for one in (*rules.senders, *rules.allowed) if "@" not in one)
    hosts = [host for host, _ in lookalike_links(interest)]
    if all(any(host == one or host.endswith("." + one) for one in named) for host in hosts):
        return interest
    return interest.model_copy(update={"labels": (*interest.labels, LOOKALIKE_LINK)})


def _evidence(interest: Interest, manifest: Manifest) -> str:
    return manifest.evidence_of(interest.source.network, interest.kind)


def _with_origin(interest: Interest, origin: Mapping[str, str]) -> Interest:
    return interest.model_copy(update={"mail": interest.mail.model_copy(update=origin)})
