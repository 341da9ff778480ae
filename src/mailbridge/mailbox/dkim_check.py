"""DKIM verified here, with keys that somebody else has looked up (RFC 6376): for mails whose receiver says nothing.

Pure: the same bytes and keys give the same result. What is signed too loosely proves nothing: a body of which only the
beginning is signed (l=), a signature that is over (x=), a Subject or Date that is not signed, a short key.
"""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailbridge.mailbox.trust import SILENT, signature_tags
from mailbridge.mailbox.trust_domains import is_same_organisation, normal_domain
from mailbridge.sdk import Headers, Mail, Trust

MOST = 5
"""So many signatures of a mail are looked at: each costs a look-up and a hash over the body."""

LEAST_KEY_BITS = 1024

Keys = Mapping[str, str | None]
"""Name of a TXT record → its text; "" = there is none, None = it can't be had now."""

_SIGNED = ("from", "subject", "date")
_LOG = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())
_LOG.propagate = False


@dataclass(frozen=True, slots=True)
class Signature:
    """What was found of one signature.

    Attributes:
        domain: Who signed (d=).
        selector: Which of his keys (s=).
        value: pass, fail, loose (too little is signed), expired, no_key, weak_key, later (the key can't be had now),
            unreadable.
        key: SHA-256 of the key record, so that one can tell later which key it was; "" without one.
    """

    domain: str
    selector: str
    value: str
    key: str = ""


def key_names(mail: Mail) -> tuple[str, ...]:
    """Return the names of the records that could tell what our receiver did not; empty when there is nothing to win."""
    if len(mail.senders) != 1 or mail.trust.reason not in SILENT:
        return ()
    domain = normal_domain(mail.sender.domain)
    tags = [one for one in signature_tags(mail.headers) if is_same_organisation(one["d"], domain)][:MOST]
    names = [_key_name(one["s"], one["d"]) for one in tags if "s" in one]
    return tuple(dict.fromkeys([*names, f"_dmarc.{domain}"])) if names else ()


def _key_name(selector: str, domain: str) -> str:
    return f"{selector}._domainkey.{domain}"


def check_signatures(raw: bytes, headers: Headers, keys: Keys) -> tuple[Signature, ...]:
    """Return what each signature whose key was looked for is worth; never raises."""
    counts = Counter(name.lower() for name, _ in headers)
    found: list[Signature] = []
    for place, tags in enumerate(signature_tags(headers)):
        name = _key_name(tags.get("s", ""), tags["d"])
        if name in keys and len(found) < MOST:
            record = keys[name]
            digest = hashlib.sha256(record.encode()).hexdigest()[:16] if record else ""
            found.append(Signature(tags["d"], tags.get("s", ""), _value(raw, place, tags, record, counts), digest))
    return tuple(found)


def _value(raw: bytes, place: int, tags: Mapping[str, str], record: str | None, counts: Mapping[str, int]) -> str:
    if not record:
        return "later" if record is None else "no_key"
    signed = Counter(name.strip().lower() for name in tags.get("h", "").split(":"))
    if "l" in tags or any(signed[name] < counts[name] for name in _SIGNED) or not signed["from"]:
        return "loose"
    from dkim import DKIM

    try:
        checker = DKIM(raw, logger=_LOG, minkey=LEAST_KEY_BITS)
        return "pass" if checker.verify(place, dnsfunc=lambda *_, **__: record.encode()) else _why_not(checker)
    except Exception as error:  # noqa: BLE001 - whatever a stranger wrote into a signature, it proves nothing
        return _why(str(error))


def _why_not(checker: Any) -> str:
    return "no_key" if not getattr(checker, "keysize", 0) else "fail"


def _why(error: str) -> str:
    if "too small" in error:
        return "weak_key"
    if "x= value" in error:
        return "expired"
    return "fail" if "mismatch" in error else "unreadable"


def with_signatures(mail: Mail, signatures: Sequence[Signature], keys: Keys) -> Trust:
    """Return the verdict, better where a signature of the sender's organisation holds and our receiver was silent.

    Reasons besides those of `judge`: dkim_here; key_later, when only the key is missing and can be asked for again.
    """
    domain = normal_domain(mail.sender.domain)
    if mail.trust.reason not in SILENT or not domain:
        return mail.trust
    strict = _is_strict(keys.get(f"_dmarc.{domain}"))
    own = [one for one in signatures if (one.domain == domain if strict else is_same_organisation(one.domain, domain))]
    if any(one.value == "pass" for one in own):
        return Trust("pass", "dkim_here", frozenset(one.domain for one in own if one.value == "pass"))
    return Trust("unknown", "key_later") if any(one.value == "later" for one in own) else mail.trust


def _is_strict(record: str | None) -> bool:
    """Whether the signer has to be the domain of From itself (RFC 7489 §6.3, adkim)."""
    return "adkim=s" in "".join((record or "").lower().split()).split(";")


def to_text(signatures: Sequence[Signature], keys: Keys) -> str:
    """Return what is kept in the ledger for a mail that is read again: results, and whether alignment is strict."""
    strict = [name for name, text in keys.items() if name.startswith("_dmarc.") and _is_strict(text)]
    rows = [[one.domain, one.selector, one.value, one.key] for one in signatures]
    return json.dumps({"signatures": rows, "strict": strict})


def from_text(text: str) -> tuple[tuple[Signature, ...], Keys]:
    """Return what `to_text` kept."""
    kept = json.loads(text)
    return tuple(Signature(*row) for row in kept["signatures"]), dict.fromkeys(kept["strict"], "adkim=s")
