"""The life of the daemon: threads, signals, what is due by the clock, one full cycle for `run --once`."""

import faulthandler
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler

from mailbridge import __version__
from mailbridge.app import App
from mailbridge.ledger.engine import LedgerDamaged, LedgerFull, LedgerUnavailable
from mailbridge.observe.events import log
from mailbridge.ports import MailboxError
from mailbridge.sdk import MailbridgeError, Refused, Unusable
from mailbridge.stations.collecting import Collector
from mailbridge.stations.reading_back import ReadBackDesk
from mailbridge.stations.sending import Sender

IDLE_S = 0.5
"""How often a worker without work looks whether something has become due; news wakes it at once."""

FULL_REST_S = 5.0
"""While the disk is full, every part looks so often whether there is room again."""

EXPIRE_EVERY_S = 3600
"""How often what was kept long enough is erased."""

MARK_EVERY_S = 15
"""How often what is done is marked on the server; nobody waits for it."""

PATIENCE_S = 5.0
"""`run --once` waits so long for what becomes due soon (a rate limit, a short pause) before it ends with "waits"."""


class ThreadDied(MailbridgeError):  # noqa: N818 - says what is known
    """A part of the daemon ended that must not; a service manager starts the whole anew."""

    exit_code = 70


class Daemon:
    """Runs an app until it is told to stop."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._stop = app.stop
        self._mail = threading.Event()
        self._work = threading.Event()
        self._died: BaseException | None = None
        self._threads: list[threading.Thread] = []

    def run(self) -> None:
        """Run until a signal stops it; returns after the drain.

        Raises:
            LedgerDamaged: Nothing may be sent any more.
            ThreadDied: A thread ended unexpectedly.
        """
        began = time.monotonic()
        with signals(self._app), self._scheduled():
            self._start()
            log.info("started", node=self._app.ledger.node, version=__version__, **self._names())
            while not self._stop.wait(0.5):
                pass
            self._drain()
        log.info("stopped", seconds=round(time.monotonic() - began, 1))
        if isinstance(self._died, LedgerDamaged):
            raise self._died
        if self._died is not None:
            raise ThreadDied(f"a thread died: {self._died!r}; the log says more") from self._died

    def _names(self) -> dict[str, list[str]]:
        return {"mailboxes": list(self._app.settings.mailboxes), "sinks": list(self._app.settings.sinks)}

    def _start(self) -> None:
        for collector in self._app.collectors:
            self._thread(f"mailbox {collector.mailbox.name}", self._collect, collector)
        self._thread("reading", self._read)
        for number, sender in enumerate(self._app.senders):
            self._thread(f"sink {sender.name} {number}", self._send, sender)
        for desk in self._app.readbacks:
            self._thread(f"read back {desk.name}", self._read_back, desk)
        self._thread("news", self._listen)

    def _thread(self, name: str, target: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=self._guarded, args=(name, target, *arguments), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _guarded(self, name: str, target: Callable[..., None], *arguments: Any) -> None:
        try:
            target(*arguments)
        except LedgerDamaged as error:
            log.critical("ledger_damaged", error=str(error))
            self._died = error
            self._stop.set()
        except BaseException as error:  # noqa: BLE001 - no zombie halves: the whole process goes
            log.critical("thread_died", thread=name, error=repr(error), exc_info=error)
            self._died = error
            self._stop.set()

    def _collect(self, collector: Collector) -> None:
        # What waits in the ledger since the last run is read and sent before the mailbox answers.
        self._mail.set()
        while not self._stop.is_set():
            try:
                if not collector.cycle():
                    collector.wait(self._stop)
                self._mail.set()
            except MailboxError as error:
                collector.rest(error, self._stop)
            except LedgerUnavailable as error:
                self._ledger_rests(error)

    def _read(self) -> None:
        while not self._stop.is_set():
            try:
                if self._app.room.cycle():
                    self._work.set()
                    continue
            except LedgerUnavailable as error:
                self._ledger_rests(error)
            self._await(self._mail)

    def _send(self, sender: Sender) -> None:
        while not self._stop.is_set():
            try:
                if sender.cycle():
                    continue
            except LedgerUnavailable as error:
                self._ledger_rests(error)
            self._await(self._work)

    def _read_back(self, desk: ReadBackDesk) -> None:
        while not self._stop.is_set():
            try:
                if desk.cycle():
                    continue
            except LedgerUnavailable as error:
                self._ledger_rests(error)
            self._stop.wait(desk.rest_s)

    def _listen(self) -> None:
        """Hear of what other nodes stored, where that is possible; otherwise everybody looks every `IDLE_S`."""
        heard = {"mail": self._mail, "work": self._work}
        for word in self._app.ledger.listen(self._stop):
            if word in heard:
                heard[word].set()

    def _await(self, news: threading.Event) -> None:
        news.wait(IDLE_S)
        news.clear()

    def _ledger_rests(self, error: LedgerUnavailable) -> None:
        self._app.ledger.database.met(error)
        self._stop.wait(FULL_REST_S if isinstance(error, LedgerFull) else 1.0)

    def _drain(self) -> None:
        deadline = time.monotonic() + self._app.settings.run.shutdown_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._app.abort.set()
        for thread in self._threads:
            thread.join(1.0)

    @contextmanager
    def _scheduled(self) -> Iterator[None]:
        scheduler = BackgroundScheduler(timezone="UTC", daemon=True)
        once_each = {"coalesce": True, "max_instances": 1}
        scheduler.add_job(self._beat, "interval", seconds=self._app.ledger.leases.beat_s, **once_each)
        scheduler.add_job(self._free, "interval", seconds=30, **once_each)
        scheduler.add_job(self._expire, "interval", seconds=EXPIRE_EVERY_S, **once_each)
        if self._app.desks:
            scheduler.add_job(self._mark, "interval", seconds=MARK_EVERY_S, **once_each)
        self._free()
        scheduler.start()
        try:
            yield
        finally:
            scheduler.shutdown(wait=False)

    def _beat(self) -> None:
        try:
            self._app.ledger.beat()
        except LedgerUnavailable as error:
            self._app.ledger.database.met(error)

    def _expire(self) -> None:
        try:
            expire(self._app)
        except LedgerUnavailable as error:
            self._app.ledger.database.met(error)

    def _mark(self) -> None:
        try:
            mark_all(self._app)
        except LedgerUnavailable as error:
            self._app.ledger.database.met(error)

    def _free(self) -> None:
        try:
            free_leases(self._app)
        except LedgerUnavailable as error:
            self._app.ledger.database.met(error)


def mark_all(app: App) -> None:
    """Let people see on the servers what is done."""
    for desk in app.desks:
        while app.ledger.holds(desk.name) and desk.cycle() and not app.stop.is_set():
            pass


def read_back_all(app: App) -> None:
    """Read back what is due; what can't be read is told and holds up nobody."""
    for desk in app.readbacks:
        while not app.stop.is_set() and desk.cycle():
            pass


def expire(app: App) -> None:
    """Erase what was kept long enough, a page at a time so that nobody waits."""
    kept = app.settings.retention
    days = {"parsed": kept.parsed_days, "ignored": kept.ignored_days, "quarantined": kept.quarantined_days}
    mails = interests = 0
    while not app.stop.is_set():
        done = app.ledger.erasure.expire(days, kept.interests_days)
        mails, interests = mails + done.mails, interests + done.interests
        if not (done.mails or done.interests):
            break
    if mails or interests:
        log.info("expired", mails=mails, interests=interests)


def free_leases(app: App) -> None:
    """Free what processes of this host left behind that no longer run."""
    count = app.ledger.free_leases_of_the_dead()
    if count:
        log.warning("leases_freed", count=count)


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
        found = {f"mailbox {one.mailbox.name}": _collected(one) for one in app.collectors}
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


def _collected(collector: Collector) -> MailbridgeError | None:
    try:
        collector.cycle()
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


@contextmanager
def signals(app: App) -> Iterator[None]:
    """Let the first SIGTERM or SIGINT drain and the second leave at once, which the ledger survives."""

    def handle(number: int, _frame: FrameType | None) -> None:
        if app.stop.is_set():
            os._exit(128 + number)
        app.stop.set()
        # Logging may hold a lock that the interrupted thread owns: another thread tells.
        threading.Thread(target=log.info, args=("stopping",), kwargs={"signal": signal.Signals(number).name}).start()

    if threading.current_thread() is not threading.main_thread():
        yield  # tests run a daemon in a thread; signals are for processes
        return
    faulthandler.enable()
    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
