"""One full cycle for `run --once`: every mailbox, every mail, every delivery that is due soon."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mailbridge.app import App
from mailbridge.daemon.chores import free_leases, mark_all, read_back_all
from mailbridge.daemon.signals import signals
from mailbridge.observe.events import log
from mailbridge.ports import MailboxError
from mailbridge.sdk import MailbridgeError, Refused, Unusable
from mailbridge.stations.collecting import Collector
from mailbridge.stations.sending import Sender

PATIENCE_S = 5.0
"""`run --once` waits so long for what becomes due soon (a rate limit, a short pause) before it ends with "waits"."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a single cycle ended.

    Attributes:
        failures: (mailbox or sink, what failed there); each is told once, however many workers met it.
        waits: What is not final, in words that say what to do.
    """

    failures: Sequence[tuple[str, MailbridgeError]] = ()
    waits: Sequence[str] = ()

    @property
    def exit_code(self) -> int:
        """0 when all is final; the code of a mailbox or sink that failed; 75 when something waits."""
        return max((_exit_code(failure) for _, failure in self.failures), default=75 if self.waits else 0)


def run_once(app: App) -> Ending:
    """Do one full cycle: every mailbox, every mail, every delivery that is due; return how it ended."""
    with signals(app):
        free_leases(app)
        found = {f"mailbox {one.mailbox.name}": _collected(one, app.stop) for one in app.collectors}
        while not app.stop.is_set() and app.room.cycle():
            pass
        _send_all(app)
        mark_all(app)
        read_back_all(app)
    found |= {f"sink {sender.name}": sender.failure for sender in app.senders}
    failures = [(name, failure) for name, failure in found.items() if failure is not None]
    for name, failure in failures:
        log.error("cycle_failed", what=name, error=str(failure))
    return Ending(failures, list(_waits(app)))


def _waits(app: App) -> Iterator[str]:
    if app.stop.is_set():
        yield "a signal ended this cycle early; the next one goes on there"
    for collector in app.collectors:
        if collector.holds is False:
            yield f"mailbox {collector.mailbox.name}: another process reads it; `mailbridge nodes` says which"
    waiting = app.ledger.waiting()
    if waiting.mails:
        yield f"{waiting.mails} mails are not read yet"
    if states := [f"{count} {state}" for state, count in waiting.deliveries.items() if count]:
        yield f"deliveries that are not final: {', '.join(states)}; `mailbridge deliveries` lists them"
        yield from _pauses(app)


def _pauses(app: App) -> Iterator[str]:
    for name, account_id in {sender.name: sender.account_id for sender in app.senders}.items():
        state = app.ledger.accounts.state(account_id)
        if state.paused_s:
            yield (
                f"sink {name} pauses for another {state.paused_s:.0f} s: {state.reason}; when that is mended: "
                f"mailbridge deliveries resume {account_id}"
            )


def _exit_code(failure: MailbridgeError) -> int:
    """77 when a CRM refuses us, 69 when it can't be reached; a mailbox names its own."""
    return int(getattr(failure, "exit_code", 77 if isinstance(failure, (Unusable, Refused)) else 69))


def _collected(collector: Collector, stop: threading.Event) -> MailbridgeError | None:
    try:
        collector.cycle(stop)
    except MailboxError as error:
        return error
    return None


def _send_all(app: App) -> None:
    """Send until nothing is due soon; a sink that can't work does not hold up the others."""
    deadline = time.monotonic() + PATIENCE_S
    while not app.stop.is_set():
        if _Shift(app).work():
            deadline = time.monotonic() + PATIENCE_S
            continue
        due_in_s = app.ledger.waiting().due_in_s
        if due_in_s is None or time.monotonic() + due_in_s > deadline:
            return
        if all(_hopeless(app, sender) for sender in app.senders):
            return
        app.stop.wait(min(0.2, max(0.02, due_in_s)))


class _Shift:
    """All workers of all sinks at once, each until none of them finds anything to do."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._active = set(app.senders)
        self._lock = threading.Lock()

    def work(self) -> int:
        """Return how many deliveries were worked off."""
        if not self._app.senders:
            return 0
        with ThreadPoolExecutor(len(self._app.senders), "sink") as pool:
            return sum(pool.map(self._work, self._app.senders))

    def _work(self, sender: Sender) -> int:
        done = 0
        while not self._app.stop.is_set():
            count = sender.cycle()
            done += count
            with self._lock:
                (self._active.add if count else self._active.discard)(sender)
                if not self._active:
                    break
            if not count:
                self._app.stop.wait(0.05)
        return done


def _hopeless(app: App, sender: Sender) -> bool:
    """Whether an account pauses for longer than a single cycle waits."""
    return sender.failure is not None and app.ledger.accounts.state(sender.account_id).paused_s > PATIENCE_S
