"""From raw bytes to an outcome: decode, then read. What a parse worker runs."""

import hashlib
from datetime import datetime

from mailbridge.mailbox.decode import Undecodable, decode
from mailbridge.pipeline.parsing import Reading, TrustRules, read_mail
from mailbridge.pipeline.routing import Router


def read_raw(
    raw: bytes,
    router: Router,
    rules: TrustRules,
    *,
    received_at: datetime | None = None,
    mailbox: str | None = None,
    receiver: str | None = None,
    size: int | None = None,
) -> tuple[str, Reading]:
    """Return the mail's id and how it ends; never raises. See `decode` for the arguments."""
    try:
        mail = decode(raw, received_at=received_at, mailbox=mailbox, receiver=receiver, size=size)
    except Undecodable as error:
        return hashlib.sha256(raw).hexdigest(), Reading("quarantined", error.reason, detail=error.detail)
    return mail.mail_id, read_mail(mail, router, rules)
