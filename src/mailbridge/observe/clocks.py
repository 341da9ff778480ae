"""Our clock beside those of the servers that we talk to: what is wrong is ours, where they agree with each other."""

import threading
import time
from collections.abc import Callable

from mailbridge.observe import metrics

FORGOTTEN_S = 900.0
"""What a server said so long ago says nothing about now."""


class Clocks:
    """Skews as measured lately; used from any thread.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._skews: dict[str, tuple[float, float]] = {}

    def compare(self, server: str, ours: float, theirs: float) -> None:
        """Note both clocks at one moment, in unix seconds."""
        with self._lock:
            self._skews[server] = (self._clock(), ours - theirs)
        metrics.CLOCK_SKEW.labels(server).set(ours - theirs)

    def skews(self) -> dict[str, float]:
        """Return server → how many seconds our clock is ahead of it, as far as it is known now."""
        moment = self._clock()
        with self._lock:
            return {name: skew for name, (at, skew) in self._skews.items() if moment - at <= FORGOTTEN_S}


CLOCKS = Clocks()
"""Of this process."""
