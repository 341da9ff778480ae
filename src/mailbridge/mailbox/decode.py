"""From the raw bytes of a mail to a `Mail`.

What was repaired or guessed on the way stands in `Mail.defects`: leading_bytes, line_ends, header_repaired,
boundary_guessed, transfer_encoding_wrong, charset_guessed, charset_mixed, charset_unreadable, double_encoded,
text_after_html, many_addresses, no_date, inner_undecodable, engine_failed, engine_skipped, text_by_engine,
links_hidden, through_group.
"""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from email.message import Message

from mailbridge.mailbox.bodies import Bodies, read_bodies, with_newlines
from mailbridge.mailbox.engines import EngineFailed, Parse, standard, texts_of
from mailbridge.mailbox.gateways import are_links_hidden, ungated_html, ungated_subject, ungated_text
from mailbridge.mailbox.groups import ungrouped
from mailbridge.mailbox.headers import Fields, body_of, content_id, decoded_headers, fields_of, is_mail, values
from mailbridge.mailbox.headers_addresses import parse_addresses
from mailbridge.mailbox.headers_dates import parse_date, received_date
from mailbridge.mailbox.headers_repair import repaired
from mailbridge.mailbox.limits import Limits, Undecodable, check_html, check_parsed, check_raw, check_size, check_text
from mailbridge.mailbox.receiving import DEFAULT, Receiving
from mailbridge.mailbox.slim import Cuts, slim
from mailbridge.mailbox.trust import judge
from mailbridge.sdk import Address, Headers, Mail, Trust
from mailbridge.sdk.mail import LINKS_HIDDEN
from mailbridge.sdk.text import seen

__all__ = ["Limits", "Undecodable", "decode"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DEFAULT_LIMITS = Limits()
_NOTHING_CUT = Cuts()


def decode(
    raw: bytes,
    *,
    received_at: datetime | None = None,
    seen_at: datetime | None = None,
    mailbox: str | None = None,
    receiving: Receiving = DEFAULT,
    size: int | None = None,
    limits: Limits = _DEFAULT_LIMITS,
    parse: Parse = standard,
) -> Mail:
    """Return the mail that the bytes hold. Pure: the same bytes give the same mail.

    Args:
        raw: The mail as stored, any bytes.
        received_at: When our server took it (IMAP INTERNALDATE); else it is read from the header fields.
        seen_at: When we saw it for the first time: its time where neither server nor header tells one.
        mailbox: NAME of [mailboxes.NAME].
        receiving: Whose word about the sender counts.
        size: Bytes of the whole mail when `raw` is only its beginning.
        limits: The most that is read.
        parse: The engine that finds the parts.

    Raises:
        Undecodable: There is no mail in the bytes, or more than the limits allow.
        MemoryError: It takes more memory than this process may have. Nothing else is ever raised.
    """
    try:
        whole = len(raw) if size is None else size
        check_size(raw, whole, limits)
        mail = _Decoder(raw, limits, 0, parse=parse).mail(receiving)
        taken_at = received_at or (seen_at if mail.received_at == _EPOCH else None)
        return replace(mail, received_at=_told_in(mail.received_at, taken_at), mailbox=mailbox, size=whole)
    except (Undecodable, MemoryError):
        raise
    except Exception as error:
        raise Undecodable("decoder_failed", type(error).__name__) from error


def _told_in(own: datetime, received_at: datetime | None) -> datetime:
    """Return when our server took the mail, in the time zone that the mail names.

    Times of day inside a mail mean that zone; INTERNALDATE comes in whatever zone the server likes, and the ledger
    keeps none.
    """
    if received_at is None:
        return own
    moment = received_at if received_at.tzinfo is not None else received_at.replace(tzinfo=UTC)
    return moment.astimezone(own.tzinfo)


class _Decoder:
    """Decodes one mail; attached mails get a decoder of their own."""

    def __init__(self, raw: bytes, limits: Limits, depth: int, cuts: Cuts = _NOTHING_CUT, *, parse: Parse) -> None:
        self._raw = raw
        self._cuts = cuts
        self._limits = limits
        self._depth = depth
        self._parse = parse
        self._defects: list[str] = []

    def mail(self, receiving: Receiving) -> Mail:
        source, repairs = repaired(self._raw)
        self._defects.extend(repairs)
        mail_id, size = self._identity()
        if not self._depth and len(source) >= self._limits.slim_from:
            source, self._cuts = slim(source, mail_id, self._limits.slim_part)
        check_parsed(len(source), self._limits)
        check_raw(source, self._limits)
        message = self._parse(source)
        fields = fields_of(message)
        if not is_mail(fields):
            raise Undecodable("not_a_mail", "no header field that mails have")
        bodies = self._bodies(message, source)
        headers = decoded_headers(fields, self._defects, bodies.charset)
        senders = self._addresses(fields, "From", hint=bodies.charset)
        if len(senders) > self._limits.senders:
            raise Undecodable("too_many_senders", f"{len(senders)} addresses in From, at most {self._limits.senders}")
        date = parse_date(headers.get("Date"))
        mail = Mail(
            mail_id=mail_id,
            content_id=content_id(fields, self._cuts.chunks(body_of(source))),
            size=size,
            headers=headers,
            subject=ungated_subject(seen(headers.get("Subject"))),
            senders=senders,
            reply_to=self._addresses(fields, "Reply-To", hint=bodies.charset),
            recipients=self._addresses(fields, "To", "Cc", hint=bodies.charset),
            message_id=headers.get("Message-ID") or None,
            date=date,
            received_at=self._received_at(headers, date),
            text=bodies.text,
            html_source=bodies.html_source,
            attachments=tuple(bodies.attachments),
            inner=self._inner(bodies),
            trust=Trust() if self._depth else judge(headers, senders, receiving),
            defects=tuple(dict.fromkeys([*self._defects, *bodies.defects])),
        )
        return mail if self._depth else ungrouped(mail)

    def _identity(self) -> tuple[str, int]:
        digest = hashlib.sha256()
        size = 0
        for chunk in self._cuts.chunks(self._raw):
            digest.update(chunk)
            size += len(chunk)
        return digest.hexdigest(), size

    def _bodies(self, message: Message, source: bytes) -> Bodies:
        bodies = read_bodies(message, self._cuts, self._limits)
        if not (bodies.text.strip() or bodies.html_source.strip() or bodies.mails):
            self._ask_engine(bodies, source)
        check_text(bodies.text, self._limits)
        check_html(bodies.html_source, self._limits)
        bodies.text = ungated_text(seen(bodies.text))
        bodies.html_source = ungated_html(seen(bodies.html_source))
        if are_links_hidden(bodies.text, bodies.html_source):
            self._defects.append(LINKS_HIDDEN)
        return bodies

    def _ask_engine(self, bodies: Bodies, source: bytes) -> None:
        try:
            text, html = texts_of(source)
            if (text or html) and self._cuts.holds_marks(source):
                text, html = texts_of(self._cuts.restored(source))  # it must see the mail with everything in it
        except EngineFailed as failure:
            self._defects.append(str(failure))
            return
        bodies.text, bodies.html_source = with_newlines(text), with_newlines(html)
        if text or html:
            self._defects.append("text_by_engine")

    def _addresses(self, fields: Fields, *names: str, hint: str) -> tuple[Address, ...]:
        found = values(fields, names, self._defects, hint)
        return parse_addresses(found, self._limits.addresses, self._defects, hint)

    def _received_at(self, headers: Headers, date: datetime | None) -> datetime:
        found = received_date(headers.get("Received")) or date
        if found is None:
            self._defects.append("no_date")
        return found or _EPOCH

    def _inner(self, bodies: Bodies) -> tuple[Mail, ...]:
        if self._depth >= self._limits.inner_depth:
            return ()
        found = []
        cuts = self._cuts.with_lf()
        for raw in bodies.mails:
            try:
                found.append(_Decoder(raw, self._limits, self._depth + 1, cuts, parse=self._parse).mail(DEFAULT))
            except Undecodable:
                self._defects.append("inner_undecodable")
        return tuple(found)
