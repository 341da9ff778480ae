"""Sending until nothing is left that is due soon: what a command does that delivers and then ends."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from mailbridge.ledger.engine import LedgerUnavailable
from mailbridge.ledger.ledger import Ledger, Waiting
from mailbridge.stations.sending import Sender

LOOK_S = 0.1
"""How often a sender without work looks whether something has become due."""


class Drain:
    """Lets all senders work at the same time until everything is final, waits for long, or a person stops it.

    Args:
        ledger: The ledger.
        senders: Every worker of every account.
        stop: Set when the program has to end.
        patience_s: How long nothing may move, and how soon a delivery has to become due, so that it goes on.
    """

    def __init__(self, ledger: Ledger, senders: Sequence[Sender], stop: threading.Event, *, patience_s: float) -> None:
        self._ledger = ledger
        self._senders = senders
        self._stop = stop
        self._patience_s = patience_s
        self._done = threading.Event()
        self._busy: set[int] = set()
        self._moved_at = time.monotonic()
        self._beat_at = 0.0

    def run(self, told: Callable[[Waiting], None]) -> None:
        """Send; `told` hears now and then what is still open.

        Raises:
            LedgerDamaged: Nothing may be sent any more.
        """
        if not self._senders:
            return
        with ThreadPoolExecutor(len(self._senders), thread_name_prefix="sink") as pool:
            work = [pool.submit(self._send, number, sender) for number, sender in enumerate(self._senders)]
            try:
                while not any(one.done() for one in work) and self._goes_on(told):
                    self._beat()
                    self._stop.wait(2 * LOOK_S)
            finally:
                self._done.set()
        for one in work:
            one.result()

    def _beat(self) -> None:
        if time.monotonic() >= self._beat_at:
            self._ledger.beat()
            self._beat_at = time.monotonic() + self._ledger.leases.beat_s

    def _goes_on(self, told: Callable[[Waiting], None]) -> bool:
        waiting = self._ledger.waiting()
        told(waiting)
        if self._stop.is_set() or not waiting.deliveries:
            return False
        if self._busy or "sending" in waiting.deliveries:
            return time.monotonic() - self._moved_at < self._ledger.lease_s + self._patience_s
        due_in_s = waiting.due_in_s or 0.0
        if due_in_s > self._patience_s or all(map(self._is_hopeless, self._senders)):
            return False
        return time.monotonic() - self._moved_at < self._patience_s + due_in_s

    def _is_hopeless(self, sender: Sender) -> bool:
        """Whether its account pauses for longer than anybody waits here."""
        return sender.failure is not None and self._ledger.accounts.state(sender.account_id).paused_s > self._patience_s

    def _send(self, number: int, sender: Sender) -> None:
        while not (self._stop.is_set() or self._done.is_set()):
            self._busy.add(number)
            try:
                if sender.cycle():
                    self._moved_at = time.monotonic()
                    continue
            except LedgerUnavailable as error:
                self._ledger.database.met(error)
            finally:
                self._busy.discard(number)
            self._done.wait(LOOK_S)
