"""A mail as a parser sees it: decoded, read-only, no network behind it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Literal

from mailbridge.sdk.html import Html

Verdict = Literal["pass", "fail", "unknown"]

LINKS_HIDDEN = "links_hidden"
"""The defect of a mail in which a gateway put links that nobody else can read in place of its own."""


def mail_id_of(raw: bytes, size: int | None = None, *, place: str = "") -> str:
    """Return the id of a mail: SHA-256 of its bytes; where they are not all here, of what tells it from others.

    Args:
        raw: Its bytes, or the beginning of them.
        size: Bytes of the whole mail; None = `raw` is all of it.
        place: Where it lies, for a mail of which there are no bytes at all.
    """
    digest = hashlib.sha256(raw)
    if size is not None and size > len(raw):
        digest.update(f"{size} {'' if raw else place}".encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of an address header (RFC 5322 §3.4).

    Attributes:
        name: Display name, decoded, "" when absent.
        email: addr-spec in lower case, domain as A-label or as sent.
    """

    name: str
    email: str

    @property
    def domain(self) -> str:
        """The part after the last @, "" when there is none."""
        return self.email.rpartition("@")[2]

    def is_of(self, *domains: str) -> bool:
        """Whether the address belongs to one of the domains or to a subdomain of one."""
        own = self.domain
        return own in domains or own.endswith(_below(domains))


@lru_cache(maxsize=1024)
def _below(domains: tuple[str, ...]) -> tuple[str, ...]:
    """Return what names below these domains end with; every route asks, of every mail, with the same few lists."""
    return tuple("." + domain for domain in domains)


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A part of the mail that is a file; its bytes stay in the ledger's raw mail.

    Attributes:
        name: As sent, "" when it has none.
        media_type: As sent, lower case.
        size: Bytes when decoded.
        sha256: Of the decoded bytes.
        content_id: By which the HTML body shows it.
        values: Its text, when it is a small table of values (CSV), as exports attach one lead; else "".
    """

    name: str
    media_type: str
    size: int
    sha256: str
    content_id: str | None = None
    values: str = ""


@dataclass(frozen=True, slots=True)
class Trust:
    """Who says that the sender is the sender.

    Attributes:
        verdict: "pass" when our own receiver authenticated the From domain, "fail" when it said no, else "unknown".
        reason: Short, such as "dmarc" or "no_results".
        domains: Domains that were authenticated (DMARC From domain, DKIM d=), lower case.
    """

    verdict: Verdict = "unknown"
    reason: str = "no_results"
    domains: frozenset[str] = frozenset()

    def speaks_for(self, *domains: str) -> bool:
        """Whether an authenticated domain is one of these or a subdomain of one."""
        return any(own == domain or own.endswith("." + domain) for own in self.domains for domain in domains)


class Headers:
    """All header fields in mail order; names compare without case, values are decoded and unfolded."""

    def __init__(self, fields: tuple[tuple[str, str], ...] = ()) -> None:
        self._fields = fields
        self._values: dict[str, list[str]] = {}
        for name, value in fields:
            self._values.setdefault(name.casefold(), []).append(value)

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of a header, or the default."""
        values = self._values.get(name.casefold())
        return values[0] if values else default

    def all(self, name: str) -> list[str]:
        """Return every value of a header, topmost first."""
        return list(self._values.get(name.casefold(), ()))

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self._values

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


@dataclass(frozen=True)
class Mail:
    """One mail, decoded.

    Attributes:
        mail_id: SHA-256 of the raw bytes, 64 hex digits; the same in every mailbox and replay.
        content_id: SHA-256 without trace headers: the same mail that came by two ways has one.
        size: Raw bytes.
        headers: Every header field.
        subject: Decoded, one line, "" when absent.
        senders: The addresses of From. More than one makes a mail untrusted.
        reply_to: The addresses of Reply-To.
        recipients: The addresses of To and Cc.
        message_id: As sent, with angle brackets; a hint only, never an identity.
        date: The Date header with its offset, or None when absent or unreadable.
        received_at: When our mail server took the mail (IMAP INTERNALDATE, else the topmost Received, else Date).
        text: The text/plain parts, LF line ends, "" when there are none; not trimmed of quotes or footers.
        html_source: The text/html parts as sent; never cleaned, never trusted.
        attachments: Files, in mail order.
        inner: Mails that are attached as message/rfc822; nothing about them is authenticated.
        trust: Verdict about the sender.
        mailbox: NAME of [mailboxes.NAME], or None outside a mailbox.
        defects: What decoding had to repair or guess, short constant words.
    """

    mail_id: str
    content_id: str
    size: int
    headers: Headers
    subject: str
    senders: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    recipients: tuple[Address, ...]
    message_id: str | None
    date: datetime | None
    received_at: datetime
    text: str
    html_source: str
    attachments: tuple[AttachedFile, ...] = ()
    inner: tuple["Mail", ...] = ()
    trust: Trust = field(default_factory=Trust)
    mailbox: str | None = None
    defects: tuple[str, ...] = ()

    @property
    def sender(self) -> Address:
        """The one From address; an empty address when there is none or several."""
        return self.senders[0] if len(self.senders) == 1 else Address("", "")

    @cached_property
    def html(self) -> Html:
        """The HTML body behind a façade; empty when the mail has none."""
        return Html(self.html_source)

    @cached_property
    def words(self) -> str:
        """What a reader sees: the text part, or the HTML body as text when there is no text part."""
        return self.text if self.text.strip() else self.html.text
