"""Faults that come and go on all links and in all CRMs, chosen by a seed."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chaos.arena import SERVER_ACTS_S, TIMEOUT_S, Arena
from mailbridge.testing.emulator import Fault
from mailbridge.testing.proxy import Direction, Trouble

MANY = 1000
"""Times of a fault that lasts until it is taken away."""

_DIRECTIONS: tuple[Direction, ...] = ("to_server", "to_client", "both")


def _trouble(chance: random.Random) -> Trouble:
    """Return trouble of one link. A request is never held back for longer than the CRM is said to act late."""
    direction = chance.choice(_DIRECTIONS)
    return chance.choice(
        (
            Trouble("latency", direction, delay_s=chance.uniform(0.05, SERVER_ACTS_S * 0.4)),
            Trouble("cut", direction, after_bytes=chance.randrange(3000)),
            Trouble("cut", "to_client", after_bytes=chance.randrange(200)),
            Trouble("reset", direction, after_bytes=chance.randrange(3000)),
            Trouble("reset", "to_client"),
            Trouble("black_hole", direction),
            Trouble("slow", "to_client", delay_s=0.05),
            Trouble("refuse"),
        )
    )


def _fault(chance: random.Random) -> Fault:
    """Return what a CRM does wrong by itself: a storm of 429, a time-out after the commit, errors of both kinds."""
    return chance.choice(
        (
            Fault("status", status=429, times=MANY),
            Fault("late", delay_s=TIMEOUT_S + 1.0, times=MANY),
            Fault("late", method="POST", delay_s=TIMEOUT_S + 1.0, times=MANY),
            Fault("drop_after", times=MANY),
            Fault("drop_before", times=MANY),
            Fault("status", status=500, times=MANY),
            Fault("status", status=503, times=MANY, process=True),
            Fault("html", status=502, times=MANY, process=True),
            Fault("truncate", times=MANY),
        )
    )


class Weather:
    """Changes what is wrong, again and again, until it is stopped."""

    def __init__(self, arena: Arena, seed: str) -> None:
        self._arena = arena
        self._chance = random.Random(seed)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._blow, daemon=True, name="weather")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let it be fine from now on."""
        self._over.set()
        self._thread.join(30)
        self._arena.heal()

    def _blow(self) -> None:
        chance = self._chance
        while not self._over.wait(chance.uniform(0.3, 2.0)):
            chance.choice((self._on_a_link, self._on_a_link, self._in_a_crm))()

    def _on_a_link(self) -> None:
        link = self._arena.links[self._chance.choice(sorted(self._arena.links))]
        link.trouble = _trouble(self._chance)
        self._over.wait(self._chance.uniform(0.2, 1.5))
        link.trouble = None

    def _in_a_crm(self) -> None:
        # Bounded by time, not by number: each 429 lets the account rest, so that twenty would last for hours.
        crm = self._arena.crms[self._chance.choice(sorted(self._arena.crms))]
        crm.spoil(_fault(self._chance))
        self._over.wait(self._chance.uniform(0.2, 2.0))
        crm.heal()


@contextmanager
def weather(arena: Arena, seed: str, begin: Callable[[Weather], None] = Weather.start) -> Iterator[None]:
    """Let bad weather blow until the block ends."""
    made = Weather(arena, seed)
    begin(made)
    try:
        yield
    finally:
        made.stop()
