"""The threads of the daemon: one per mailbox, sink worker and station; none may end alone."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from mailbridge import __version__
from mailbridge.app import App
from mailbridge.config import Settings
from mailbridge.daemon.bell import Bell
from mailbridge.daemon.chores import scheduled
from mailbridge.daemon.manager import Manager
from mailbridge.daemon.pulse import READING, Pulse
from mailbridge.daemon.series import prepare_metrics
from mailbridge.daemon.signals import Signals, signals
from mailbridge.daemon.watching import Overseer, answering
from mailbridge.ledger.engine import LedgerDamaged, LedgerFull, LedgerUnavailable
from mailbridge.observe.events import log
from mailbridge.ports import MailboxError
from mailbridge.sdk import MailbridgeError
from mailbridge.stations.canary_mail import CanarySender
from mailbridge.stations.collecting import Collector
from mailbridge.stations.reading_back import ReadBackDesk
from mailbridge.stations.sending import Sender

IDLE_S = 0.5
"""How often a worker without work looks whether something has become due; news wakes it at once."""

CANARY_S = 5.0
"""How often it is looked whether a canary mail is due."""

FULL_REST_S = 5.0
"""While the disk is full, every part looks so often whether there is room again."""


class ThreadDied(MailbridgeError):  # noqa: N818 - says what is known
    """A part of the daemon ended that must not; a service manager starts the whole anew."""

    exit_code = 70


class Daemon:
    """Runs an app until it is told to stop.

    Args:
        app: What runs.
        heard: Signals of the process; None = those that come while it runs.
        manager: Is told how it goes; None = whoever started the process.
        reread: Called when the configuration is to be read again: returns it, None when it can't be used.

    Attributes:
        pulse: Signs of life of its parts.
        overseer: What it knows of itself.
    """

    def __init__(
        self,
        app: App,
        heard: Signals | None = None,
        manager: Manager | None = None,
        reread: Callable[[], Settings | None] = lambda: None,
    ) -> None:
        self._app = app
        self._heard = heard
        self._manager = manager or Manager()
        self._reread = reread
        self.pulse = Pulse()
        self.overseer = Overseer(app, self.pulse)
        self._wanted: Settings | None = None
        self._is_stuck = False
        self._stop = app.stop
        self._mail = threading.Event()
        self._bells = {sender.name: Bell() for sender in app.senders}
        self._looked = threading.Event()
        self._died: BaseException | None = None
        self._threads: list[threading.Thread] = []

    def run(self) -> Settings | None:
        """Run until a signal stops it; return after the drain: with the settings to go on with, None = it ends.

        Raises:
            LedgerDamaged: Nothing may be sent any more.
            ThreadDied: A thread ended unexpectedly.
        """
        began = time.monotonic()
        prepare_metrics(self._app)
        with self._signals() as heard, scheduled(self._app, self.pulse), answering(self._app, self.overseer):
            self._start()
            log.info("started", node=self._app.ledger.node, version=__version__, **self._names())
            self._manager.ready(self._status())
            while not self._stop.wait(0.5):
                self._look_after(heard)
            self._drain()
        log.info("stopped", seconds=round(time.monotonic() - began, 1))
        if isinstance(self._died, LedgerDamaged):
            raise self._died
        if self._died is not None:
            raise ThreadDied(f"a thread died: {self._died!r}; the log says more") from self._died
        return self._wanted

    def _signals(self) -> AbstractContextManager[Signals]:
        return signals(self._app) if self._heard is None else nullcontext(self._heard)

    def _look_after(self, heard: Signals) -> None:
        """Tell the service manager of progress while there is some; take up a new configuration when asked to."""
        stuck = self.pulse.stuck()
        if stuck and not self._is_stuck:
            log.critical("stuck", parts=stuck)
        self._is_stuck = bool(stuck)
        if not stuck:
            self._manager.progressed(self._status())
        if heard.reload.is_set():
            heard.reload.clear()
            self._wanted = self._reread()
            if self._wanted is not None:
                self._stop.set()

    def _status(self) -> str:
        """Return how it goes, for people who ask the service manager."""
        collectors = self._app.collectors
        synced = sum(one.synced_at is not None and one.failure is None for one in collectors)
        failed = [name for name in {one.name: one for one in self._app.senders} if self._fails(name)]
        return f"{synced} of {len(collectors)} mailboxes in sync" + (
            f"; needs help: {', '.join(failed)}" * bool(failed)
        )

    def _fails(self, name: str) -> bool:
        return any(sender.failure is not None for sender in self._app.senders if sender.name == name)

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
        self._thread("watch", self._watch)
        self._thread("alerts", self._alert)
        if self.overseer.canary:
            self._thread("canary", self._send_canaries, self.overseer.canary)
        if self.overseer.shadows:
            self._thread("second looks", self._look_twice)

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
                if not collector.cycle(self._stop):
                    collector.wait(self._stop)
                self._mail.set()
            except MailboxError as error:
                collector.rest(error, self._stop)
            except LedgerUnavailable as error:
                self._ledger_rests(error)

    def _read(self) -> None:
        while not self._stop.is_set():
            self.pulse.beat(READING)
            try:
                if self._app.room.cycle():
                    self._ring()
                    continue
            except LedgerUnavailable as error:
                self._ledger_rests(error)
            self._await(self._mail)

    def _send(self, sender: Sender) -> None:
        bell, name = self._bells[sender.name], threading.current_thread().name
        sender.on_more = bell.ring
        while not self._stop.is_set():
            self.pulse.beat(name)
            try:
                if sender.cycle():
                    continue
            except LedgerUnavailable as error:
                self._ledger_rests(error)
            while not bell.wait(IDLE_S) and not self._stop.is_set():
                self.pulse.beat(name)

    def _ring(self) -> None:
        for bell in self._bells.values():
            bell.ring()

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
        heard = {"mail": self._mail.set, "work": self._ring}
        for word in self._app.ledger.listen(self._stop):
            if word in heard:
                heard[word]()

    def _watch(self) -> None:
        while not self._stop.is_set():
            self.overseer.watch.cycle()
            self._looked.set()
            self._stop.wait(self._app.settings.watch.look_s)

    def _alert(self) -> None:
        """Targets may be slow or away: nobody but this thread waits for them."""
        while not self._stop.is_set():
            self._looked.wait(IDLE_S)
            if not self._looked.is_set():
                continue
            self._looked.clear()
            try:
                self.overseer.desk.cycle()
            except LedgerUnavailable as error:
                self._app.ledger.database.met(error)

    def _send_canaries(self, sender: CanarySender) -> None:
        """A mail server may be slow or away: nobody but this thread waits for it."""
        while not self._stop.wait(CANARY_S):
            try:
                sender.cycle()
            except LedgerUnavailable as error:
                self._ledger_rests(error)

    def _look_twice(self) -> None:
        while not self._stop.wait(1.0):
            try:
                for shadow in self.overseer.shadows:
                    shadow.look()
            except LedgerUnavailable as error:
                self._ledger_rests(error)

    def _await(self, news: threading.Event) -> None:
        news.wait(IDLE_S)
        news.clear()

    def _ledger_rests(self, error: LedgerUnavailable) -> None:
        self._app.ledger.database.met(error)
        self._stop.wait(FULL_REST_S if isinstance(error, LedgerFull) else 1.0)

    def _drain(self) -> None:
        if self._wanted is None:
            self._manager.stopping()
        deadline = time.monotonic() + self._app.settings.run.shutdown_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._app.abort.set()
        for thread in self._threads:
            thread.join(1.0)
