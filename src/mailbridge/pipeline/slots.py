"""Rate slots that are reserved in blocks where an account permits many requests a second: each costs a commit."""

import threading
import time
from collections import deque
from collections.abc import Callable

Slot = tuple[float, float, str]
"""(Seconds to wait, seconds the account pauses, why)."""

BLOCK_S = 0.1
"""A block holds the slots of so long, and no longer counts so long after the last of them: a pause has to be seen."""

MOST = 32
"""Slots in a block."""


class Slots:
    """Hands out the rate slots of one account to the workers of this process.

    A block is reserved only while slots are free at once or nearly; who has to wait for the rate reserves one. At the
    rates of most CRMs a block holds one slot.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._moments: deque[float] = deque()
        self._ends_at = 0.0
        self._free = False
        self._turn = threading.Lock()

    def take(self, reserve: Callable[[int], Slot], interval_s: float) -> Slot:
        """Return the next slot.

        Args:
            reserve: Reserves so many slots in the ledger; returns the first.
            interval_s: From one of them to the next.
        """
        count = max(1, min(MOST, int(BLOCK_S / interval_s)))
        if count == 1:
            return reserve(1)
        with self._turn:
            now = self._clock()
            if self._moments and now <= self._ends_at:
                return max(0.0, self._moments.popleft() - now), 0.0, ""
            self._moments.clear()
            count = count if self._free else 1
            wait_s, paused_s, reason = reserve(count)
            self._free = wait_s < BLOCK_S and not paused_s
            if not paused_s:
                first = self._clock() + wait_s
                self._moments.extend(first + number * interval_s for number in range(1, count))
                self._ends_at = first + (count - 1) * interval_s + BLOCK_S
        return wait_s, paused_s, reason

    def drop(self) -> None:
        """Forget what is reserved: the account pauses."""
        with self._turn:
            self._moments.clear()
            self._free = False
