"""From a decoded mail to its outcome: trust, parser, interests. Pure."""

import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mailbridge.pipeline.routing import Candidate, Router
from mailbridge.sdk import Ignored, Interest, Mail, Manifest, ParseError, Parser, TrustPolicy, fold

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
    """

    outcome: MailOutcome
    reason: str | None = None
    parser: str | None = None
    parser_version: str | None = None
    interests: tuple[Interest, ...] = ()
    detail: str = ""
    asked: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TrustRules:
    """What is asked of a sender.

    Attributes:
        override: For all parsers (`parse --trust`), or None.
        by_parser: Policy of the configuration per parser name.
    """

    override: TrustPolicy | None = None
    by_parser: Mapping[str, TrustPolicy] = field(default_factory=dict)

    def policy_for(self, manifest: Manifest) -> TrustPolicy:
        """Return the policy of a parser."""
        return self.override or self.by_parser.get(manifest.name, manifest.trust)


def read_mail(mail: Mail, router: Router, rules: TrustRules) -> Reading:
    """Return the outcome of one mail; a parser's bug is an outcome too.

    Raises:
        MemoryError: The mail takes more memory than this process may have; nothing else is ever raised.
    """
    known: dict[str, Any] = {}
    try:
        found = router.candidates(mail)
        known["asked"] = tuple(map(_told, found))
        _refuse_impersonation(mail, router.parsers, rules)
        parser = router.choose(mail, found).parser
        known |= {"parser": parser.manifest.name, "parser_version": parser.manifest.version}
        _require_trust(mail, parser.manifest, rules)
        result = parser.parse(mail)
        if isinstance(result, Ignored):
            return Reading("ignored", result.reason, **known)
        return Reading("parsed", interests=_stamped(result, parser.manifest), **known)
    except ParseError as error:
        return Reading("quarantined", error.reason, detail=error.detail, **known)
    except MemoryError:
        raise  # of the process, not of the parser
    except Exception:  # noqa: BLE001 - whatever a plugin does, the mail ends in quarantine and the next one goes on
        return Reading("quarantined", "parser_failed", detail=traceback.format_exc(limit=-4), **known)


def _told(candidate: Candidate) -> tuple[str, str, str]:
    return candidate.parser.manifest.name, candidate.route.name, candidate.route.strength.name.lower()


def _refuse_impersonation(mail: Mail, parsers: Iterable[Parser], rules: TrustRules) -> None:
    """A display name of a network belongs to that network's domains only."""
    shown = {fold(address.name) for address in mail.senders if address.name}
    for parser in parsers:
        manifest = parser.manifest
        if rules.policy_for(manifest) == "off" or shown.isdisjoint(manifest.guarded_names):
            continue
        if not any(address.is_of(*manifest.domains) for address in mail.senders):
            raise ParseError("impersonation", f"{mail.sender.email} shows the name of {manifest.title}")


def _require_trust(mail: Mail, manifest: Manifest, rules: TrustRules) -> None:
    if rules.policy_for(manifest) != "require":
        return
    vouched = mail.trust.speaks_for(*manifest.domains) if manifest.domains else mail.trust.verdict == "pass"
    if not vouched:
        raise ParseError("unauthenticated", f"claims to be {manifest.title}; verdict {mail.trust.reason}")


def _stamped(interests: Sequence[Interest], manifest: Manifest) -> tuple[Interest, ...]:
    if not interests:
        raise ParseError("nothing_found", "the parser returned no interest")
    origin = {"parser": manifest.name, "parser_version": manifest.version}
    # One event told twice in one mail is one interest.
    unique = {interest.id: interest for interest in reversed(interests)}
    kept = [interest for interest in interests if unique[interest.id] is interest]
    return tuple(_with_origin(one, {**origin, "evidence": _evidence(one, manifest)}) for one in kept)


def _evidence(interest: Interest, manifest: Manifest) -> str:
    return manifest.evidence_of(interest.source.network, interest.kind)


def _with_origin(interest: Interest, origin: Mapping[str, str]) -> Interest:
    return interest.model_copy(update={"mail": interest.mail.model_copy(update=origin)})
