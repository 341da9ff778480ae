"""Gets the bytes of mails: small ones together, large ones in parts, of oversized ones the beginning."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailbridge.mailbox.files import HEAD_BYTES
from mailbridge.mailbox.imap_session import Listed, Session

PART_BYTES = 4 * 1024 * 1024
WHOLE_BYTES = 2 * PART_BYTES
"""Up to here a mail is fetched in one piece."""


@dataclass(frozen=True, slots=True)
class Body:
    """Bytes of a mail; `size` is larger than `raw` where only the beginning is kept."""

    raw: bytes
    size: int


def batches(mails: Sequence[Listed], *, most: int, most_bytes: int, border: int) -> Iterator[list[Listed]]:
    """Yield mails in order, in batches bounded by number and bytes, none with UIDs on both sides of `border`."""
    batch: list[Listed] = []
    size = 0
    for mail in mails:
        weight = most_bytes if mail.size is None else mail.size
        crosses = bool(batch) and batch[-1].uid < border <= mail.uid
        if batch and (crosses or len(batch) >= most or size + weight > most_bytes):
            yield batch
            batch, size = [], 0
        batch.append(mail)
        size += weight
    if batch:
        yield batch


def fetch_bodies(session: Session, batch: Sequence[Listed], max_mail_bytes: int) -> dict[int, Body]:
    """Return the bytes by UID; a mail that is gone, or that the server gives as NIL, is missing.

    Raises:
        MailboxError: The connection broke, or an answer can't be used.
    """
    small = [mail.uid for mail in batch if mail.size is not None and mail.size <= min(WHOLE_BYTES, max_mail_bytes)]
    found = {uid: Body(raw, len(raw)) for uid, raw in (session.bodies(small) if small else {}).items()}
    for mail in batch:
        if mail.uid in small:
            continue
        oversized = mail.size is not None and mail.size > max_mail_bytes
        body = beginning(session, mail) if oversized else in_parts(session, mail, max_mail_bytes)
        if body is not None:
            found[mail.uid] = body
    return found


def beginning(session: Session, mail: Listed) -> Body | None:
    """Return the beginning of a mail."""
    raw = session.part(mail.uid, 0, HEAD_BYTES)
    return None if raw is None else Body(raw[:HEAD_BYTES], mail.size or len(raw))


def in_parts(session: Session, mail: Listed, max_mail_bytes: int) -> Body | None:
    """Return a mail fetched part by part; what the server says about its size is not relied on."""
    whole = io.BytesIO()  # gives its bytes away without a copy: a mail may be large
    got = 0
    while got <= max_mail_bytes:
        part = session.part(mail.uid, got, PART_BYTES)
        if part is None and got < (mail.size or 1):
            return None
        got += whole.write(part or b"")
        if len(part or b"") != PART_BYTES:
            # Shorter: the end. Longer: a server that knows no parts and sent the whole mail.
            return Body(whole.getvalue(), got)
    return Body(whole.getvalue()[:HEAD_BYTES], max(got, mail.size or 0))


def header_only(session: Session, mail: Listed) -> Body | None:
    """Return the headers of a mail whose bytes can't be had."""
    raw = session.header(mail.uid)
    return None if raw is None else Body(raw, max(mail.size or 0, len(raw) + 1))
