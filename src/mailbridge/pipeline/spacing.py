"""What the workers of one CRM account share within a process: the pace of their requests, and whether it can work."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable

from mailbridge.pipeline.slots import Slots
from mailbridge.sdk import SinkError

WINDOW_S = 1.0
"""CRMs count requests per second."""

MARGIN_S = 0.06
"""Requests do not travel at the same speed."""


LOOK_S = 0.02
"""How often it is looked again whether a request has left that is about to."""


class Spacing:
    """Keeps any second free of more requests than the CRM permits, whatever woke up late.

    Rate slots are handed out evenly, but a commit or a busy machine delays one request and not the next: what left
    evenly would leave in a bunch. So the moments at which requests really left count, too, and one that may leave but
    still waits for the ledger counts until it has left.

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
        self._most = math.floor(rate_per_s)
        self._left: deque[float] = deque(maxlen=max(1, self._most))
        self._leaving = 0
        self._turn = threading.Lock()
        self._state = threading.Lock()

    def enter(self) -> bool:
        """Wait until a request may leave; `leave` has to follow. False when the program is told to stop meanwhile."""
        if self._most < 1:
            return True
        with self._turn:
            while (wait_s := self._enter()) > 0:
                if not self._sleep(wait_s):
                    return False
        return True

    def leave(self) -> None:
        """Count a request that leaves now, or that may have."""
        if self._most >= 1:
            with self._state:
                self._leaving -= 1
                self._left.append(self._clock())

    def _enter(self) -> float:
        """Return seconds to wait; 0 = it may go."""
        with self._state:
            now, left = self._clock(), self._left
            while left and left[0] + WINDOW_S + MARGIN_S <= now:
                left.popleft()
            if self._leaving + len(left) < self._most:
                self._leaving += 1
                return 0.0
            return LOOK_S if self._leaving or not left else max(left[0] + WINDOW_S + MARGIN_S - now, 0.001)


class AccountRoom:
    """Where the workers of one account in this process meet.

    Args:
        burst: So many requests may follow each other at once after a rest.
        spacing: Of all their requests together; None where slots are enough.

    Attributes:
        slots: Of their rate.
        checked: Whether one of them has proven that the account can work: once is enough.
        failure: Why the account can't work now, or None.
        checking: Held by the worker that proves it.
    """

    def __init__(self, *, burst: int = 1, spacing: Spacing | None = None) -> None:
        self.burst = burst
        self.spacing = spacing
        self.slots = Slots()
        self.checked = False
        self.failure: SinkError | None = None
        self.checking = threading.Lock()
