"""IDLE (RFC 2177): the server says at once when something arrives."""

import re
import threading
import time
from collections.abc import Callable

from mailbridge.mailbox.imap_wire import Wire

REARM_S = 300.0
"""Routers forget a silent connection after 5 to 15 minutes, some servers after 10."""
SLICE_S = 1.0
_COUNT = re.compile(rb"\* (\d{1,10}) (EXISTS|EXPUNGE)\b", re.IGNORECASE)


class IdleRefused(Exception):  # noqa: N818 - says what is known
    """The server announces IDLE and does not do it."""


class Idle:
    """Waits on a selected folder.

    Args:
        wire: The connection; nothing else uses it meanwhile.
        timeout_s: Seconds within which the server must begin and end IDLE.
        heard: Gets ("EXISTS" | "EXPUNGE", number) for each announcement; returns whether it is worth a look.
    """

    def __init__(self, wire: Wire, *, timeout_s: float, heard: Callable[[str, int], bool]) -> None:
        self._wire = wire
        self._timeout_s = timeout_s
        self._heard = heard
        self._count = 0

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Return when something arrived, when `stop` is set, or after `seconds`.

        Raises:
            IdleRefused: The server refused the command; the connection still works.
            OSError, imaplib.IMAP4.error: The connection has ended, or the server says something strange.
        """
        deadline = time.monotonic() + seconds
        while not stop.is_set() and (left := deadline - time.monotonic()) > 0:
            if self._once(min(left, REARM_S), stop):
                return

    def _once(self, seconds: float, stop: threading.Event) -> bool:
        self._count += 1
        tag = b"IDLE%d" % self._count
        self._wire.send(tag + b" IDLE\r\n")
        news = self._begun(tag)
        deadline = time.monotonic() + seconds
        while not news and not stop.is_set() and (left := deadline - time.monotonic()) > 0:
            line = self._wire.line_within(min(SLICE_S, left))
            news = line is not None and self._worth_a_look(line)
        self._wire.send(b"DONE\r\n")
        return self._ended(tag) or news

    def _begun(self, tag: bytes) -> bool:
        """Announcements may stand before the continuation, and in the same piece."""
        news = False
        while not (line := self._line()).startswith(b"+"):
            if line.startswith((tag + b" NO", tag + b" BAD")):
                raise IdleRefused
            news = self._worth_a_look(line) or news
        return news

    def _ended(self, tag: bytes) -> bool:
        news = False
        while not (line := self._line()).startswith(tag + b" "):
            news = self._worth_a_look(line) or news
        return news

    def _line(self) -> bytes:
        line = self._wire.line_within(self._timeout_s)
        if line is None:
            raise TimeoutError("no answer to IDLE")
        return line

    def _worth_a_look(self, line: bytes) -> bool:
        if line[:5].upper() == b"* BYE":
            raise self._wire.abort(line[5:].decode("utf-8", "replace").strip() or "BYE")
        if not line.startswith(b"* "):
            raise self._wire.abort("unexpected line during IDLE")
        match = _COUNT.match(line)
        return match is not None and self._heard(match[2].decode().upper(), int(match[1]))
