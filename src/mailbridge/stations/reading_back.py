"""Step 11 of the path for one sink account: ask the CRM what became of what was delivered."""

import time
from collections.abc import Callable
from typing import Any

from mailbridge.config import SinkSettings
from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.outcomes import Waits
from mailbridge.ledger.remotes import Pace, Page
from mailbridge.observe.events import log
from mailbridge.pipeline import backoff
from mailbridge.pipeline.delivery import read_back
from mailbridge.pipeline.spacing import AccountRoom
from mailbridge.sdk import GatedTransport, ReadBackConfig, RetryLater, SinkUnusable
from mailbridge.stations.measuring import measured
from mailbridge.stations.sending import account_gate, read_back_of

__all__ = ["ReadBackDesk", "read_back_of"]

DAY_S = 86_400.0

STARVED = 10
"""Deliveries go first; after so many intervals without a look one page is read all the same."""

GIVE_WAY_S = 5.0
"""While deliveries go first, it is looked so often whether they are through."""

UNUSABLE_REST_S = 600.0
"""What may not be read is tried again so much later: a person has to mend it, and deliveries do not depend on it."""


class ReadBackDesk:
    """Reads one sink account back, with its own instance of the sink.

    Every request takes its slot of the account's rate. While something can be delivered, nothing is read.

    Args:
        name: NAME of [sinks.NAME].
        settings: Its table.
        wanted: How often and how long.
        ledger: The ledger.
        make: Makes the sink over a transport.
        rate_per_s: Requests a second that the CRM permits.
        room: Shared with the workers that deliver there; absent = there are none.
        sleep: Waits; returns False when the program must stop at once.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        name: str,
        settings: SinkSettings,
        wanted: ReadBackConfig,
        ledger: Ledger,
        make: Callable[[GatedTransport], Any],
        *,
        rate_per_s: float,
        room: AccountRoom | None = None,
        sleep: Callable[[float], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.account_id = settings.account_id or name
        self.rest_s = wanted.every_s
        self._every_s = wanted.every_s
        self._pace = Pace(wanted.every_s, wanted.days * DAY_S)
        self._ledger = ledger
        self._clock = clock
        self._gate = account_gate(ledger, self.account_id, rate_per_s, sleep, clock, room)
        self._sink = make(measured(name)(self._gate))
        self._looked_at = clock()
        self._waits = Waits(
            quiet_s=settings.quiet_s,
            retry_s=backoff.retry_s,
            pause_s=backoff.pause_s,
            unusable_s=backoff.unusable_s,
            max_attempts=backoff.MAX_ATTEMPTS,
            max_searches=backoff.MAX_SEARCHES,
        )
        ledger.accounts.add(self.account_id)

    def cycle(self) -> int:
        """Read one page; return how many deliveries it held, 0 when nothing is due or deliveries go first.

        Afterwards `rest_s` tells how long to wait when 0 was returned.
        """
        self.rest_s = self._every_s
        starved = self._clock() - self._looked_at > STARVED * self._every_s
        if not starved and self._ledger.remotes.waits(self.account_id):
            self.rest_s = min(self._every_s, GIVE_WAY_S)
            return 0
        self._looked_at = self._clock()
        page = self._ledger.remotes.take(self.account_id, self._sink.max_read)
        return self._read(page) if page is not None else 0

    def close(self) -> None:
        """Release connections."""
        self._sink.close()

    def _read(self, page: Page) -> int:
        self._gate.begin(None, self._ledger.lease_s)
        answer = read_back(self._sink, page.receipts, page.cursor)
        if isinstance(answer, (RetryLater, SinkUnusable)):
            self._failed(answer)
            return 0
        states, cursor = answer
        changed = self._ledger.remotes.keep(page, states, cursor, self._pace)
        if changed:  # most looks see nothing new
            log.info("read_back_finished", sink=self.name, asked=len(page.receipts), changed=changed)
        return len(page.receipts)

    def _failed(self, outcome: RetryLater | SinkUnusable) -> None:
        """A limit holds for all requests of the account; a missing right only for reading."""
        if isinstance(outcome, SinkUnusable):
            self.rest_s = max(self._every_s, UNUSABLE_REST_S)
        elif outcome.pause:
            self._ledger.outcomes.pause_account(self.account_id, outcome, self._waits)
        log.warning("read_back_failed", sink=self.name, error=outcome.reason, retry_in_s=self.rest_s)
