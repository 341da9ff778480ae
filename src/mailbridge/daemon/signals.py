"""What signals do to a running program."""

import faulthandler
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from mailbridge.app import App
from mailbridge.observe.events import log


class Signals:
    """What a person or a service manager wants of this process.

    Attributes:
        app: What runs now; a reload puts another one here.
        leaving: A signal asked the process to end.
        reload: Set when the configuration is to be read again.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self.leaving = False
        self.reload = threading.Event()

    def end(self, number: int, _frame: FrameType | None) -> None:
        """The first one drains, the second leaves at once, which the ledger survives."""
        if self.leaving:
            os._exit(128 + number)
        self.leaving = True
        self.app.stop.set()
        # Logging may hold a lock that the interrupted thread owns: another thread tells.
        threading.Thread(target=log.info, args=("stopping",), kwargs={"signal": signal.Signals(number).name}).start()

    def again(self, _number: int, _frame: FrameType | None) -> None:
        """Read the configuration again, when the main thread comes to it."""
        self.reload.set()


@contextmanager
def signals(app: App, *, reloads: bool = False) -> Iterator[Signals]:
    """Let the first SIGTERM or SIGINT drain and the second leave at once; SIGHUP reloads where that is possible."""
    heard = Signals(app)
    if threading.current_thread() is not threading.main_thread():
        yield heard  # tests run a daemon in a thread; signals are for processes
        return
    faulthandler.enable()
    handlers = {signal.SIGTERM: heard.end, signal.SIGINT: heard.end} | ({signal.SIGHUP: heard.again} if reloads else {})
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
