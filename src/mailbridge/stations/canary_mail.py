"""The canary mail's way: one node sends it, the one that reads recognises it, and it ends in the ledger.

It goes the way that every mail goes, through server, mailbox, ledger and parse process. What comes after that, the
CRM, proves itself: each sink is asked at every delivery and read-back, and a canary that was written there would be
work for people.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from email.message import EmailMessage

from mailbridge.config.canary import CanarySettings
from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.settle import StoredMail
from mailbridge.mailbox.smtp import NotSent, SmtpSettings, send
from mailbridge.observe import metrics
from mailbridge.observe.events import log
from mailbridge.pipeline.canary_mail import FORGED, REASON, compose, token_in
from mailbridge.pipeline.parsing import Reading
from mailbridge.sdk.secrets import masked
from mailbridge.worker import Read

Send = Callable[[SmtpSettings, EmailMessage | None], None]
"""Hands a mail over; raises NotSent."""


class CanarySender:
    """Sends canary mails while this node is the one that watches.

    Args:
        ledger: The ledger.
        settings: `[canary]`.
        name: How messages name this installation.
        send: Hands a mail over.
    """

    def __init__(self, ledger: Ledger, settings: CanarySettings, *, name: str, send: Send = send) -> None:
        self._ledger = ledger
        self._settings = settings
        self._name = name
        self._send = send

    def cycle(self) -> bool:
        """Send one when it is time; return whether one was sent.

        Raises:
            LedgerUnavailable: It is not known whether it is time.
        """
        if not self._is_due() or not self._ledger.alerts.hold():
            return False
        try:
            self.send()
        except NotSent:
            return False
        return True

    def send(self) -> str:
        """Send one now; return its number.

        Raises:
            NotSent: The server took none.
            LedgerUnavailable: It could not be noted.
        """
        number, one = secrets.token_hex(16), self._settings
        sender = one.sender or one.to
        mail = compose(number, one.key, sender=sender, to=one.to, name=self._name, now=time.time())
        self._ledger.canaries.begin(number)
        try:
            self._send(one, mail)
        except NotSent as error:
            metrics.CANARIES.labels("failed").inc()
            log.warning("canary_failed", error=str(error))
            self._ledger.canaries.failed(number, masked(str(error)))
            raise
        metrics.CANARIES.labels("sent").inc()
        log.info("canary_sent")
        return number

    def _is_due(self) -> bool:
        """While one is missing others follow sooner: the first that is read ends the alert."""
        last = self._ledger.canaries.last()
        if last is None:
            return True
        wait_s = self._settings.every_s
        return last.ago_s >= (wait_s if last.read else min(wait_s, self._settings.late_s))


class CanaryWatch:
    """Recognises canary mails among those that were read.

    Args:
        ledger: The ledger.
        key: What ours are signed with; None = this installation sends none, and believes none.
    """

    def __init__(self, ledger: Ledger, key: bytes | None) -> None:
        self._ledger = ledger
        self._key = key

    def review(self, mails: Sequence[StoredMail], reads: Sequence[Read | None]) -> list[Read | None]:
        """Return how mails were read; a canary mail that is not ours goes into quarantine."""
        if self._key is None:
            return list(reads)
        return [self._judged(mail, read, self._key) for mail, read in zip(mails, reads, strict=True)]

    def _judged(self, mail: StoredMail, read: Read | None, key: bytes) -> Read | None:
        if read is None or read.reading.reason != REASON or read.reading.parser is not None:
            return read
        token = token_in(mail.raw, key)
        if token is None or not (token.signed or self._ledger.canaries.knows(token.number)):
            log.warning("canary_forged", mail_id=mail.mail_id)
            detail = "it says that it is a canary mail of this installation, and is none"
            return replace(read, reading=Reading("quarantined", FORGED, detail=detail, trust=read.reading.trust))
        seconds = self._ledger.canaries.read(token.number)
        if seconds is not None:
            metrics.CANARY_SECONDS.observe(seconds)
            log.info("canary_read", seconds=round(seconds, 1))
        return read
