"""Measures how long a CRM's search does not see what was written: the real `search_lag_s`, by reading only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mailbridge.observe.events import log
from mailbridge.pipeline.delivery import Item

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 15.0
GIVE_UP = 10.0
"""After so many times `search_lag_s` a search that sees nothing is told and left."""

Present = Callable[[Sequence[Item]], Mapping[str, Sequence[str]] | Any]


@dataclass(slots=True)
class _Flight:
    """One delivered interest that is looked for."""

    item: Item
    since: float
    look_at: float
    pause_s: float = FIRST_PAUSE_S


@dataclass(slots=True)
class Canary:
    """Looks for a delivery that has just been made until the search sees it; no object is made for this.

    It never waits: each call does at most one search. What it tells is an upper bound, as exact as its pauses.

    Args:
        sink: NAME of the sink.
        every_s: Seconds from one measurement to the next; 0 = none.
        search_lag_s: What the configuration says.
        present: Delivery key → ids of what the CRM has; something else where it can't be asked.
        clock: Monotonic seconds.
    """

    sink: str
    every_s: float
    search_lag_s: float
    present: Present
    clock: Callable[[], float]
    longest_s: float = 0.0
    _flight: _Flight | None = field(default=None, init=False)
    _due: float = field(default=0.0, init=False)

    def delivered(self, item: Item) -> None:
        """Hear that something was written a moment ago."""
        now = self.clock()
        if self.every_s > 0 and self._flight is None and now >= self._due:
            self._flight = _Flight(item, now, now)
            self._due = now + self.every_s

    def look(self) -> None:
        """Search once, when it is time."""
        flight = self._flight
        if flight is None or self.clock() < flight.look_at:
            return
        found = self.present([flight.item])
        age_s = self.clock() - flight.since
        if not isinstance(found, Mapping):
            self._flight = None  # the account pauses: nothing is measured
        elif found.get(flight.item.delivery.key):
            self._tell(age_s, seen=True)
        elif age_s > GIVE_UP * max(self.search_lag_s, FIRST_PAUSE_S):
            self._tell(age_s, seen=False)
        else:
            flight.look_at = self.clock() + flight.pause_s
            flight.pause_s = min(LONGEST_PAUSE_S, 2 * flight.pause_s)

    def _tell(self, seconds: float, *, seen: bool) -> None:
        self._flight = None
        self.longest_s = max(self.longest_s, seconds)
        known = {"sink": self.sink, "seconds": round(seconds, 1), "seen": seen, "configured_s": self.search_lag_s}
        advised_s = round(2 * self.longest_s, 1)
        if seen and advised_s <= self.search_lag_s:
            log.info("search_lag_measured", **known, advised_s=advised_s)
        else:
            log.warning("search_lag_measured", **known, advised_s=advised_s)
