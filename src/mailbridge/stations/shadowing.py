"""A second look into a mailbox, over a connection of its own: what the first one does not show must not stay unseen."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, runtime_checkable

from mailbridge.ledger.intake import Intake
from mailbridge.observe import metrics
from mailbridge.observe.events import log
from mailbridge.ports import MailboxError
from mailbridge.stations.collecting import Collector

LOOKED_AT = 50
"""So many of the last mails are compared."""


@runtime_checkable
class Newest(Protocol):
    """A mailbox that can show its last mails over another connection."""

    def newest(self, count: int) -> tuple[int, list[tuple[int, datetime | None]]]:
        """Return UIDVALIDITY and (UID, received) of the last mails that `look` would store.

        Raises:
            MailboxError: It can't be read.
        """
        ...

    def close(self) -> None:
        """Drop the connection."""
        ...


class Shadow:
    """Compares the last mails of one mailbox with the ledger.

    Attributes:
        name: The mailbox.
        behind: Mails that were not in the ledger at two looks in a row.

    Args:
        mailbox: A second way into it.
        intake: What the ledger has of it.
        collector: Who reads it; told to connect anew when it is behind.
        every_s: Seconds between two looks.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        mailbox: Newest,
        intake: Intake,
        collector: Collector,
        *,
        every_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = collector.mailbox.name
        self.behind = 0
        self._mailbox = mailbox
        self._intake = intake
        self._collector = collector
        self._every_s = every_s
        self._clock = clock
        self._due = clock() + every_s
        self._missing: frozenset[int] = frozenset()

    def look(self) -> None:
        """Compare, when it is time and this node reads the mailbox.

        Raises:
            LedgerUnavailable: The ledger can't be asked.
        """
        if self._clock() < self._due or not self._collector.holds or self._collector.failure is not None:
            return
        self._due = self._clock() + self._every_s
        try:
            uidvalidity, mails = self._mailbox.newest(LOOKED_AT)
        except MailboxError as error:
            metrics.SHADOW_CHECKS.labels(self.name, "failed").inc()
            log.warning("shadow_failed", mailbox=self.name, error=str(error))
            return
        finally:
            self._mailbox.close()
        self._compare(uidvalidity, [uid for uid, _ in mails])

    def _compare(self, uidvalidity: int, uids: list[int]) -> None:
        stored = self._intake.stored_uids(uidvalidity, min(uids, default=0), max(uids, default=0))
        missing = frozenset(uids) - stored
        self.behind = len(missing & self._missing)
        self._missing = missing
        metrics.SHADOW_CHECKS.labels(self.name, "behind" if self.behind else "agrees").inc()
        if self.behind:
            log.error("mailbox_behind", mailbox=self.name, count=self.behind)
            self._collector.doubt()
