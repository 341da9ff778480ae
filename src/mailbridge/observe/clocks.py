"""Our clock beside those of the servers that we talk to: what is wrong is ours, where they agree with each other."""

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from mailbridge.observe import metrics

BELIEVED = 3
"""So many mails in a row have to agree."""

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
            for name in [name for name, (at, _) in self._skews.items() if moment - at > FORGOTTEN_S]:
                del self._skews[name]
                with suppress(KeyError):  # nobody looks at a gauge that is not renewed any more
                    metrics.CLOCK_SKEW.remove(name)
            return {name: skew for name, (_, skew) in self._skews.items()}


class ArrivalClock:
    """Tells the clock of a mailbox's server by when mails arrived in it: IMAP has no other way to ask.

    A mail that one look showed and the look before did not came between the two, and the server stamped it
    (INTERNALDATE, RFC 9051 §2.3.3) in between. So each mail bounds how far the clocks can differ. A mail that somebody
    moved there bears an old stamp: the bounds of several mails have to agree.
    """

    def __init__(self) -> None:
        self._bounds: deque[tuple[float, float]] = deque(maxlen=BELIEVED)

    def skew(self, after: float, before: float, stamped: float) -> float | None:
        """Return how many seconds our clock is ahead at least (negative: behind), None while that is not certain.

        Args:
            after: Our clock when the look began that did not show the mail.
            before: Our clock when it was there.
            stamped: The server's stamp, whole seconds.
        """
        self._bounds.append((after - stamped - 1, before - stamped))
        low, high = max(low for low, _ in self._bounds), min(high for _, high in self._bounds)
        if len(self._bounds) < BELIEVED or low > high:
            return None
        return low if low > 0 else min(high, 0.0)


CLOCKS = Clocks()
"""Of this process."""
