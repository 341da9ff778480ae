"""Whether the daemon makes progress: every part shows a sign each time round; one that stays away too long is stuck."""

import threading
import time
from collections.abc import Callable

CLOCK = "ledger clock"
READING = "reading"

ALLOWED_S = {CLOCK: 120.0, READING: 600.0}
"""Longest time between two signs; reading a chunk of mails that each run into their time limit takes minutes."""

SINK_S = 1800.0
"""Of a sink's worker: a batch of many steps at a slow CRM, each up to its time-outs and pauses for a rate limit."""


class Pulse:
    """Signs of life of the parts, by name; used from any thread.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()

    def beat(self, name: str) -> None:
        """Say that a part has come round once more."""
        with self._lock:
            self._seen[name] = self._clock()

    def stuck(self) -> list[str]:
        """Return the parts that have shown no sign for longer than they may, sorted."""
        now = self._clock()
        with self._lock:
            seen = dict(self._seen)
        return sorted(name for name, moment in seen.items() if now - moment > ALLOWED_S.get(name, SINK_S))
