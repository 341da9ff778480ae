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
