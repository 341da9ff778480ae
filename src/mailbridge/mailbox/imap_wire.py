"""The IMAP connection itself: bounded reading, time limits, keep-alive, waiting for lines."""

import contextlib
import imaplib
import socket
import ssl
import time

MAX_LINE = 16 * 1024 * 1024
"""Room for the numbers of 1.5 million mails in one SEARCH answer."""
MAX_LITERAL = 16 * 1024 * 1024
MAX_ANSWER = 64 * 1024 * 1024
"""All that a server may say to one command; the largest honest answer is a chunk of mails."""
_PIECE = 65_536
_COMMAND_TIMEOUTS = 10
"""A command may take this many time-outs in all: a server that drips a byte at a time must not hold it for ever."""


class Wire(imaplib.IMAP4):
    """A connection with its own buffer, so that a time-out while waiting loses nothing.

    imaplib's file object can't be read again after a time-out, hides what it holds from `select`, and reserves memory
    for any literal that a server announces.

    Args:
        host: Name or address of the server.
        port: Its port.
        timeout_s: Seconds to wait for a connection and for each piece of an answer.
        tls: Context of implicit TLS, None for a connection that is not encrypted (yet).

    Raises:
        OSError, imaplib.IMAP4.error: No connection, or no IMAP server behind it.
    """

    def __init__(self, host: str, port: int, *, timeout_s: float, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        self._timeout_s = timeout_s
        self._buffer = bytearray()
        self._after_literal = False
        self._answered = 0
        self._deadline = time.monotonic() + timeout_s * _COMMAND_TIMEOUTS
        super().__init__(host, port, timeout_s)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        """Connect; TLS, where it is implicit, before the first byte."""
        self.host, self.port = host, port
        plain = socket.create_connection((host, port), timeout)
        _keep_alive(plain)
        self.sock = self._encrypted(plain, self._tls) if self._tls else plain

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Encrypt the connection (RFC 9051 §6.2.1) and ask for the capabilities anew.

        Raises:
            imaplib.IMAP4.abort: Something was sent in clear behind the answer: an injected answer to a later command.
        """
        status, _ = self.xatom("STARTTLS")
        if status != "OK":
            raise self.abort("STARTTLS was refused, so no password was sent: try tls = implicit")
        self._refuse_bytes_in_clear()
        self.sock = self._encrypted(self.sock, context)
        self.untagged_responses = {}
        self.refresh_capabilities()

    def _refuse_bytes_in_clear(self) -> None:
        if self._buffer:
            raise self.abort("unexpected bytes in clear after STARTTLS")

    def refresh_capabilities(self) -> None:
        """Ask what the server can do now: the answer changes with TLS and with the log-in."""
        _, data = self.capability()
        words = b" ".join(line for line in data if isinstance(line, bytes))
        self.capabilities = tuple(words.decode("ascii", "replace").upper().split())

    def _encrypted(self, plain: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
        try:
            return context.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise

    def read(self, size: int) -> bytes:
        """Return a literal of exactly `size` bytes."""
        if size > MAX_LITERAL:
            raise self.abort(f"literal of {size} bytes")
        while len(self._buffer) < size:
            self._fill()
        self._after_literal = True
        return self._take(size)

    def readline(self) -> bytes:
        """Return the next line with its end, without the empty line that some servers send behind a literal."""
        line = self._line()
        if self._after_literal and line == b"\r\n":
            line = self._line()
        self._after_literal = False
        return line

    def _line(self) -> bytes:
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            if len(self._buffer) > MAX_LINE:
                raise self.abort("line is too long")
            searched = len(self._buffer)
            self._fill()
        return self._take(end + 1)

    def send(self, data: bytes) -> None:  # type: ignore[override]  # typeshed allows any buffer
        """Send one line; a new command has its whole time before it.

        Raises:
            imaplib.IMAP4.error: There is a line break or NUL in it: a text of a stranger must not become a command.
        """
        if any(sign in data.removesuffix(b"\r\n") for sign in (b"\r", b"\n", b"\0")):
            raise self.error("a line break or NUL in a command")
        self._deadline = time.monotonic() + self._timeout_s * _COMMAND_TIMEOUTS
        self._answered = 0
        self.sock.settimeout(self._timeout_s)
        self.sock.sendall(data)

    def line_within(self, seconds: float) -> bytes | None:
        """Return the next line without its end, None when none came in time.

        Raises:
            imaplib.IMAP4.abort: The connection has ended.
        """
        deadline = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self.sock.settimeout(left)
            with contextlib.suppress(TimeoutError):
                self._receive()
        return self._line().rstrip(b"\r\n")

    def end_within(self, seconds: float) -> None:
        """Shorten the time limit for what is left to say."""
        self._timeout_s = min(self._timeout_s, seconds)

    def shutdown(self) -> None:
        """Close the connection, whatever state it is in."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def _fill(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer takes too long")
        self.sock.settimeout(min(left, self._timeout_s))
        self._receive()

    def _receive(self) -> None:
        data = self.sock.recv(_PIECE)
        if not data:
            raise self.abort("socket error: EOF")
        self._answered += len(data)
        if self._answered > MAX_ANSWER:
            raise self.abort("answer is too long")
        self._buffer += data

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken


def _keep_alive(sock: socket.socket) -> None:
    """Let the kernel find a dead connection within two minutes; the three values are not known everywhere."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 20), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
