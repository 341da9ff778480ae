"""Steps 1–3 of the path: look into one mailbox and store what is new."""

import threading
import time

from mailbridge.ledger.intake import Intake
from mailbridge.observe.events import log
from mailbridge.pipeline.backoff import reconnect_s
from mailbridge.ports import Mailbox, MailboxError, MailboxRefused


class Collector:
    """Brings the mails of one mailbox into the ledger.

    Attributes:
        failure: Why the mailbox can't be read now, None while it can.
        synced_at: Monotonic moment when it was last proven that nothing visible is missing, None = never.
    """

    def __init__(self, mailbox: Mailbox, intake: Intake, *, poll_s: float) -> None:
        self.mailbox = mailbox
        self._intake = intake
        self._poll_s = poll_s
        self._failures = 0
        self._uidvalidity = intake.last_uidvalidity()
        self.failure: MailboxError | None = None
        self.synced_at: float | None = None

    def cycle(self) -> int:
        """Look once; return how many mails were never seen before.

        Raises:
            MailboxError: The mailbox can't be read now; what was stored until then stays stored.
            LedgerUnavailable: Nothing can be stored now.
        """
        self._intake.require_space()
        new = 0
        try:
            for chunk in self.mailbox.look(self._intake):
                self._compare(chunk.uidvalidity)
                stored = self._intake.store(chunk)
                new += stored
                count, gone = len(chunk.arrivals), len(chunk.vanished)
                if count or gone:
                    log.info("mails_stored", mailbox=self.mailbox.name, count=count, new=stored, vanished=gone)
        except MailboxError as error:
            self.failure = error
            self.mailbox.close()
            raise
        self._intake.synced()
        if self.synced_at is None or self._failures:
            log.info("mailbox_synced", mailbox=self.mailbox.name)
        self.synced_at = time.monotonic()
        self.failure, self._failures = None, 0
        return new

    def _compare(self, uidvalidity: int) -> None:
        if self._uidvalidity not in {None, uidvalidity}:
            log.warning("uidvalidity_changed", mailbox=self.mailbox.name, old=self._uidvalidity, new=uidvalidity)
        self._uidvalidity = uidvalidity

    def wait(self, stop: threading.Event) -> None:
        """Return when something may be new, or when `stop` is set."""
        try:
            self.mailbox.wait(self._poll_s, stop)
        except MailboxError as error:
            self.mailbox.close()
            self.rest(error, stop)

    def rest(self, error: MailboxError, stop: threading.Event) -> None:
        """Wait after a failure, longer each time, before the next connection."""
        self.failure = error
        self._failures += 1
        seconds = reconnect_s(self._failures, refused=isinstance(error, MailboxRefused))
        log.warning("mailbox_failed", mailbox=self.mailbox.name, error=str(error), retry_in_s=round(seconds, 1))
        stop.wait(seconds)

    def close(self) -> None:
        """Drop the connection."""
        self.mailbox.close()
