"""From the raw bytes of a mail to a `Mail`."""

import hashlib
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

import mailparser

from mailbridge.mailbox.limits import Limits, Undecodable
from mailbridge.sdk import Address, AttachedFile, Headers, Mail, one_line

__all__ = ["Limits", "Undecodable", "decode"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def decode(
    raw: bytes,
    *,
    received_at: datetime | None = None,
    mailbox: str | None = None,
    receiver: str | None = None,  # noqa: ARG001 - the trusted receiver
    size: int | None = None,
) -> Mail:
    """Return the mail that the bytes hold.

    Raises:
        Undecodable: There is none.
    """
    if not raw.strip():
        raise Undecodable("empty")
    try:
        return _decoded(raw, received_at, mailbox, size)
    except Exception as error:
        raise Undecodable("decoder_failed", type(error).__name__) from error


def _decoded(raw: bytes, received_at: datetime | None, mailbox: str | None, size: int | None) -> Mail:
    message = mailparser.parse_from_bytes(raw).message
    fields = Headers(tuple((name, _words(value)) for name, value in message.items()))
    digest = hashlib.sha256(raw).hexdigest()
    date = _date(fields.get("Date"))
    texts, htmls, files = _bodies(message)
    return Mail(
        mail_id=digest,
        content_id=digest,
        size=len(raw) if size is None else size,
        headers=fields,
        subject=one_line(fields.get("Subject")),
        senders=_addresses(message, "From"),
        reply_to=_addresses(message, "Reply-To"),
        recipients=_addresses(message, "To") + _addresses(message, "Cc"),
        message_id=fields.get("Message-ID").strip() or None,
        date=date,
        received_at=received_at or date or _EPOCH,
        text="\n".join(texts),
        html_source="\n".join(htmls),
        attachments=tuple(files),
        mailbox=mailbox,
    )


def _words(value: object) -> str:
    try:
        return one_line(str(make_header(decode_header(str(value)))))
    except (LookupError, ValueError):
        return one_line(str(value))


def _addresses(message: Message, name: str) -> tuple[Address, ...]:
    found = getaddresses([str(value) for value in message.get_all(name, [])])
    return tuple(Address(_words(shown), email.lower()) for shown, email in found if email)[:100]


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _bodies(message: Message) -> tuple[list[str], list[str], list[AttachedFile]]:
    texts: list[str] = []
    htmls: list[str] = []
    files: list[AttachedFile] = []
    for part in message.walk():
        if part.is_multipart():
            continue
        payload = part.get_payload(decode=True)
        data = payload if isinstance(payload, bytes) else b""
        kind = part.get_content_type()
        name = part.get_filename()
        if kind in {"text/plain", "text/html"} and not name and part.get_content_disposition() != "attachment":
            (htmls if kind == "text/html" else texts).append(_text(data, part.get_content_charset("utf-8")))
        else:
            files.append(AttachedFile(_words(name or ""), kind, len(data), hashlib.sha256(data).hexdigest()))
    return texts, htmls, files


def _text(data: bytes, charset: str) -> str:
    try:
        text = data.decode(charset.replace(" ", ""))
    except (LookupError, UnicodeError):
        text = data.decode("utf-8", "replace")
    return text.replace("\r\n", "\n")
