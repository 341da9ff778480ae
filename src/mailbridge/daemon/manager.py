"""Talks to the service manager that started us: ready, reloading, stopping, and that there is progress.

The protocol is a datagram of lines to a socket (https://www.freedesktop.org/software/systemd/man/sd_notify.html);
without a manager nothing happens.
"""

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress


class Manager:
    """The service manager.

    Args:
        environment: Where it says how it can be reached.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        wanted = environment.get("WATCHDOG_USEC", "") if environment.get("WATCHDOG_PID", "") in _ME else ""
        self._every_s = int(wanted) / 1e6 / 3 if wanted.isdigit() else None
        self._fed_at = 0.0

    def ready(self, status: str) -> None:
        """Say that the start, or a reload, is done."""
        self._say("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """Say that a new configuration is taken up."""
        self._say("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Say that what is in flight is finished now."""
        self._say("STOPPING=1", "STATUS=finishing what is in flight")

    def progressed(self, status: str) -> None:
        """Say that there is progress: three times as often as the manager wants to hear of it, and every 20 s."""
        if time.monotonic() - self._fed_at >= (self._every_s or 20.0):
            self._fed_at = time.monotonic()
            self._say(*(["WATCHDOG=1"] if self._every_s else []), f"STATUS={status}")

    def _say(self, *lines: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        # A manager that does not listen must not end the work.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.connect(address)
            out.sendall("\n".join(lines).encode())


_ME = frozenset({"", str(os.getpid())})
