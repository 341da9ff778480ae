"""Steps 1–3 of the path: look into one mailbox and store what is new."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from mailbridge.ledger.errors import LeaseLost, LedgerUnavailable
from mailbridge.ledger.intake import Intake
from mailbridge.observe import metrics
from mailbridge.observe.clocks import CLOCKS, ArrivalClock
from mailbridge.observe.events import log
from mailbridge.pipeline.backoff import reconnect_s
from mailbridge.ports import Chunk, Mailbox, MailboxError, MailboxMissing, MailboxRefused, PathUnreadable

STAND_BY_S = 2.0
"""How often a node that stands by looks whether the mailbox has become free."""


class Collector:
    """Brings the mails of one mailbox into the ledger, while this node holds its lease.

    Attributes:
        holds: Whether this node works on the mailbox, None before the first look.
        failure: Why the mailbox can't be read now, None while it can.
        synced_at: Monotonic moment when it was last proven that nothing visible is missing, None = never.
        progress: Called whenever the work has come on.
    """

    def __init__(self, mailbox: Mailbox, intake: Intake, *, poll_s: float) -> None:
        self.mailbox = mailbox
        self._intake = intake
        self._poll_s = poll_s
        self._failures = 0
        self._uidvalidity = intake.last_uidvalidity()
        self.holds: bool | None = None
        self.failure: MailboxError | None = None
        self.synced_at: float | None = None
        self.progress: Callable[[], None] = lambda: None
        self._doubted = threading.Event()
        self._arrivals = ArrivalClock()
        self._looked_at: float | None = None

    @property
    def takes_history(self) -> bool:
        """Whether it still reads what `since` and earlier looks left out."""
        return self._intake.whole

    def cycle(self, stop: threading.Event | None = None) -> int:
        """Look once, unless another node works on the mailbox; return how many mails were never seen before.

        Args:
            stop: Ends the look early when it is set; what is stored stays, the next look goes on there.

        Raises:
            MailboxError: The mailbox can't be read now; what was stored until then stays stored.
            LedgerUnavailable: Nothing can be stored now.
        """
        self._intake.require_space()
        if not self._holds():
            return 0
        if self._doubted.is_set():
            self._doubted.clear()
            self.mailbox.close()
        new, begun = 0, time.time()
        try:
            for chunk in self.mailbox.look(self._intake):
                self._compare(chunk.uidvalidity)
                stored = self._intake.store(chunk)
                self.progress()
                self._compare_clocks(chunk)
                new += stored
                count, gone = len(chunk.arrivals), len(chunk.vanished)
                metrics.MAILS_STORED.labels(self.mailbox.name).inc(stored)
                metrics.MAILS_VANISHED.labels(self.mailbox.name).inc(gone)
                if count or gone:
                    log.info("mails_stored", mailbox=self.mailbox.name, count=count, new=stored, vanished=gone)
                if stop is not None and stop.is_set():
                    return new
        except MailboxError as error:
            self.failure, self._looked_at = error, None
            self.mailbox.close()
            raise
        except LeaseLost:
            self._stand_by()
            return new
        self._intake.synced()
        if self.synced_at is None or self._failures:
            log.info("mailbox_synced", mailbox=self.mailbox.name)
        self.synced_at, self._looked_at = time.monotonic(), begun
        metrics.MAILBOX_SYNCED.labels(self.mailbox.name).set_to_current_time()
        self.failure, self._failures = None, 0
        return new

    def _holds(self) -> bool:
        if not self._intake.hold():
            if self.holds is not False:
                self._stand_by()
            return False
        if self.holds is False:
            log.info("mailbox_taken_over", mailbox=self.mailbox.name)
            self._uidvalidity = self._intake.last_uidvalidity()
        self.holds = True
        return True

    def _stand_by(self) -> None:
        log.info("mailbox_held_elsewhere", mailbox=self.mailbox.name)
        self.holds = False
        self.synced_at = None
        self.mailbox.close()

    def _compare(self, uidvalidity: int) -> None:
        if self._uidvalidity not in {None, uidvalidity}:
            log.warning("uidvalidity_changed", mailbox=self.mailbox.name, old=self._uidvalidity, new=uidvalidity)
        self._uidvalidity = uidvalidity

    def _compare_clocks(self, chunk: Chunk) -> None:
        """Compare our clock with the server's by what has just come in; of mails that lay there it says nothing."""
        stamps = [one.received_at.timestamp() for one in chunk.arrivals if one.received_at is not None]
        is_file = chunk.uidvalidity == 0  # its time is that of this machine, or of another machine long ago
        if is_file or chunk.backlog or self._looked_at is None or not stamps:
            return
        skew = self._arrivals.skew(self._looked_at, time.time(), max(stamps))
        if skew is not None:
            CLOCKS.compare(f"mailbox {self.mailbox.name}", skew, 0.0)

    def doubt(self) -> None:
        """Let the next look begin with a new connection: another one shows what this one does not."""
        self._doubted.set()

    def wait(self, stop: threading.Event) -> None:
        """Return when something may be new, or when `stop` is set."""
        if not self.holds:
            stop.wait(STAND_BY_S)
            return
        try:
            self.mailbox.wait(self._poll_s, stop)
        except MailboxError as error:
            self.mailbox.close()
            self.rest(error, stop)

    def rest(self, error: MailboxError, stop: threading.Event) -> None:
        """Wait after a failure, longer each time, before the next connection."""
        self.failure = error
        self._failures += 1
        metrics.MAILBOX_FAILURES_TOTAL.labels(self.mailbox.name, _kind(error)).inc()
        refused = isinstance(error, MailboxRefused)
        seconds = reconnect_s(self._failures, refused=refused)
        log.warning("mailbox_failed", mailbox=self.mailbox.name, error=str(error), retry_in_s=round(seconds, 1))
        if not refused:  # of several nodes only one must be refused: providers lock accounts out
            with suppress(LedgerUnavailable):
                self._intake.let_go()
        stop.wait(seconds)

    def close(self) -> None:
        """Drop the connection."""
        self.mailbox.close()


def _kind(error: MailboxError) -> str:
    """Return the word of `metrics.MAILBOX_FAILURES`."""
    match error:
        case MailboxRefused():
            return "refused"
        case MailboxMissing():
            return "missing"
        case PathUnreadable():
            return "unreadable"
    return "unreachable"
