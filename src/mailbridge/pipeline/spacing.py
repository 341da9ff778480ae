"""What the workers of one CRM account share within a process: the pace of their requests, and whether it can work."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable

from mailbridge.sdk import SinkError

WINDOW_S = 1.0
"""CRMs count requests per second."""

MARGIN_S = 0.06
"""Requests do not travel at the same speed."""


class Spacing:
    """Keeps any second free of more requests than the CRM permits, whatever woke up late.

    Rate slots are handed out evenly, but a commit or a busy machine delays one request and not the next: what left
    evenly would leave in a bunch. So the moments at which requests really left count, too.

    Args:
        rate_per_s: What the CRM permits; below 1, and where it permits bursts, slots are enough.
        sleep: Waits; returns False when the program is told to stop at once.
        clock: Monotonic seconds.
    """

    def __init__(
        self, rate_per_s: float, sleep: Callable[[float], bool], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sleep = sleep
        self._clock = clock
        self._left: deque[float] = deque(maxlen=max(1, math.floor(rate_per_s)))
        self._active = rate_per_s >= 1
        self._lock = threading.Lock()

    def keep(self) -> bool:
        """Wait until a request may leave, and count it; False when the program is told to stop meanwhile."""
        if not self._active:
            return True
        with self._lock:
            if len(self._left) == self._left.maxlen:
                wait_s = self._left[0] + WINDOW_S + MARGIN_S - self._clock()
                if wait_s > 0 and not self._sleep(wait_s):
                    return False
            self._left.append(self._clock())
        return True


class AccountRoom:
    """Where the workers of one account in this process meet.

    Args:
        burst: So many requests may follow each other at once after a rest.
        spacing: Of all their requests together; None where slots are enough.

    Attributes:
        checked: Whether one of them has proven that the account can work: once is enough.
        failure: Why the account can't work now, or None.
        checking: Held by the worker that proves it.
    """

    def __init__(self, *, burst: int = 1, spacing: Spacing | None = None) -> None:
        self.burst = burst
        self.spacing = spacing
        self.checked = False
        self.failure: SinkError | None = None
        self.checking = threading.Lock()
