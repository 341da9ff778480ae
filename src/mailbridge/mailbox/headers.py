"""Header fields as bytes and as text, and the hash by which one mail is known that came by two ways."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from email.message import Message
from functools import lru_cache

from mailbridge.mailbox.charset import to_text
from mailbridge.mailbox.headers_words import header_text
from mailbridge.mailbox.slim import with_lf
from mailbridge.sdk import Headers, one_line

Fields = tuple[tuple[str, bytes], ...]

# Fields whose words are never encoded (RFC 2047 §5 (3)): decoding them would let a sender write into a verdict.
_PLAIN = re.compile(
    r"received|return-path|authentication-results|arc-.*|dkim-signature|message-id|in-reply-to|references"
    r"|content-type|content-transfer-encoding|mime-version|date",
    re.IGNORECASE,
)
# What servers on the way add or change. Fields that begin with X- are added by anybody and never seen by a reader.
_TRACE = re.compile(
    r"received|received-spf|return-path|delivered-to|delivery-date|envelope-(?:to|from)|original-recipient"
    r"|authentication-results|arc-.*|dkim-.*|domainkey-.*|resent-.*|x-.*|status|lines|content-length|apparently-to"
    r"|errors-to|autocrypt.*|spamdiagnostic.*|feedback-id|bounces-to|old-.*|precedence|list-.*",
    re.IGNORECASE,
)
_IDENTIFYING = frozenset(
    "from to cc bcc subject date message-id received return-path reply-to sender mime-version content-type "  # noqa: SIM905
    "delivered-to resent-from list-id x-mailer".split()
)
_LONGEST_NAME = 100
"""Of longer names the beginning decides: what is remembered stays small."""
_BLANKS = re.compile(rb"[ \t\r\n]+")
_HEAD_END = re.compile(rb"\n\r?\n")


def fields_of(message: Message) -> Fields:
    """Return the header fields in mail order, bodies as sent."""
    return tuple((name, str(value).encode("utf-8", "surrogateescape")) for name, value in message.raw_items())


def first(fields: Fields, name: str) -> bytes:
    """Return the topmost field of a name, empty when there is none."""
    name = name.lower()
    return next((value for key, value in fields if key.lower() == name), b"")


def is_mail(fields: Fields) -> bool:
    """Whether there is at least one field that mails have."""
    return any(name.lower() in _IDENTIFYING for name, _ in fields)


def decoded_headers(fields: Fields, defects: list[str], hint: str = "") -> Headers:
    """Return every field as text on one line; encoded words are decoded where the standard allows them."""
    return Headers(tuple((name, _text(name, value, defects, hint)) for name, value in fields))


@lru_cache(maxsize=1024)
def _is_plain(name: str) -> bool:
    return _PLAIN.fullmatch(name) is not None


@lru_cache(maxsize=1024)
def _is_trace(name: str) -> bool:
    return _TRACE.fullmatch(name) is not None


def _text(name: str, value: bytes, defects: list[str], hint: str) -> str:
    if _is_plain(name[:_LONGEST_NAME]):
        return one_line(value.decode("utf-8", "replace"))
    return header_text(value, defects, hint)


def content_id(fields: Fields, body: Iterable[bytes]) -> str:
    """Return SHA-256 over what the sender wrote: fields without trace, order, folding and line ends do not count.

    Args:
        fields: All header fields.
        body: What follows them, in pieces.
    """
    kept = sorted(
        (name.lower().encode("ascii", "replace"), _BLANKS.sub(b" ", value).strip())
        for name, value in fields
        if not _is_trace(name[:_LONGEST_NAME])
    )
    digest = hashlib.sha256()
    for name, value in kept:
        digest.update(name + b":" + value + b"\n")
    digest.update(b"\n")
    for chunk in _without_last_ends(with_lf(body)):
        digest.update(chunk)
    return digest.hexdigest()


def _without_last_ends(chunks: Iterable[bytes]) -> Iterator[bytes]:
    held = 0
    for chunk in chunks:
        stripped = chunk.rstrip(b"\n")
        if stripped:
            yield b"\n" * held
            yield stripped
            held = 0
        held += len(chunk) - len(stripped)


def body_of(raw: bytes) -> bytes:
    """Return what follows the header fields."""
    found = _HEAD_END.search(raw)
    return raw[found.end() :] if found else b""


def values(fields: Fields, names: Iterable[str], defects: list[str], hint: str) -> list[str]:
    """Return the bodies of all fields of these names as text, encoded words still encoded."""
    wanted = [name.lower() for name in names]
    found = [(wanted.index(name.lower()), value) for name, value in fields if name.lower() in wanted]
    return [_unfolded(value, defects, hint) for _, value in sorted(found, key=lambda pair: pair[0])]


def _unfolded(value: bytes, defects: list[str], hint: str) -> str:
    """Settle the charset only; the words are decoded when it is known where each address ends."""
    value = _BLANKS.sub(b" ", value)
    if value.isascii():
        return value.decode("ascii")
    decoded = to_text(value, "", (hint,))
    defects.extend(decoded.defects)
    return decoded.text
