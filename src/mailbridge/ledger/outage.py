"""Tells of a ledger that can't be used: once, then at growing distances, and once when it is back."""

import threading
import time
from collections.abc import Callable

from mailbridge.observe.events import log

FIRST_AGAIN_S = 30.0
"""It is told again after so long; each further time takes twice as long."""

LONGEST_AGAIN_S = 600.0

SETTLED_S = 2.0
"""It is back when something went well and nothing failed for so long: of many threads some fail a moment longer."""


class Outage:
    """What all threads together know of a ledger that can't be used; each of them fails about once a second.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._began: float | None = None
        self._failed_at = self._again_at = 0.0
        self._again_s = FIRST_AGAIN_S
        self._failures = 0

    def met(self, error: Exception) -> None:
        """Note that the ledger could not be used."""
        with self._lock:
            now = self._failed_at = self._clock()
            if self._began is None:
                self._began, self._failures, self._again_s = now, 0, FIRST_AGAIN_S
            elif now < self._again_at:
                self._failures += 1
                return
            else:
                self._again_s = min(LONGEST_AGAIN_S, 2 * self._again_s)
            self._failures += 1
            self._again_at = now + self._again_s
            told = {"failures": self._failures, "seconds": round(now - self._began, 1)}
        log.error("ledger_busy", error=str(error), **told)

    def passed(self) -> None:
        """Note that a transaction went well."""
        if self._began is not None and (told := self._ended()):  # nearly always None, and not worth a lock
            log.info("ledger_back", **told)

    def _ended(self) -> dict[str, float] | None:
        with self._lock:
            began, now = self._began, self._clock()
            if began is None or now - self._failed_at < SETTLED_S:
                return None
            self._began = None
            return {"failures": self._failures, "seconds": round(now - began, 1)}
