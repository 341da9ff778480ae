"""Who of several workers looks for work: one at a time, for each look costs the ledger a transaction."""

import threading


class Bell:
    """Wakes the workers of one account.

    One of those who wait looks from time to time, for nobody rings when something becomes due; the others wait until
    it rings. Whoever finds more than it can take rings for the next.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._rung = False
        self._is_watched = False

    def ring(self) -> None:
        """Wake one worker; if none waits, the next that comes looks again at once."""
        with self._condition:
            self._rung = True
            self._condition.notify()

    def wait(self, seconds: float) -> bool:
        """Wait for a ring, so long at most; return whether it is this worker's turn to look."""
        with self._condition:
            is_watch = not self._is_watched
            if not self._rung:
                self._is_watched = True
                self._condition.wait(seconds)
                self._is_watched = self._is_watched and not is_watch
            was_rung, self._rung = self._rung, False
            return was_rung or is_watch
