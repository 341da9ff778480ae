"""A small IMAP server on loopback whose answers a test may replace by anything."""

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable

CLOSE = b"\0close"
PAUSE = b"\0pause"
Script = Callable[[str], bytes | None]


class ScriptedImap:
    """Serves one folder in memory.

    Attributes:
        mails: UID → bytes.
        script: Gets a command without its tag, such as "UID FETCH 1:3 (UID BODY.PEEK[])", and returns the raw answer,
            None for the ordinary one. "TAG" in it becomes the tag, PAUSE 0.1 s, CLOSE ends the connection there.
        commands: All commands that came, without tags.
        connections: How many clients came.
        tag: Of the last command.
    """

    def __init__(self) -> None:
        self.mails: dict[int, bytes] = {}
        self.uidvalidity = 7
        self.uidnext: int | None = None
        self.greeting = b"* OK ready\r\n"
        self.capabilities = "IMAP4rev1"
        self.script: Script = lambda _: None
        self.commands: list[str] = []
        self.connections = 0
        self.tag = ""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._sockets: list[socket.socket] = []
        self._threads[0].start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._sockets:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._sockets.append(connection)
            self._threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError), connection.makefile("rb") as lines:
            connection.sendall(self.greeting)
            for line in lines:
                tag, _, command = line.decode("latin-1").rstrip("\r\n").partition(" ")
                self.tag = tag if command else self.tag
                self.commands.append(command or tag)
                answer = self.script(command or tag)
                answer = self._ordinary(command) if answer is None else answer
                before, closing, _ = answer.replace(b"TAG", tag.encode()).partition(CLOSE)
                for number, piece in enumerate(before.split(PAUSE)):
                    time.sleep(0.1 if number else 0)
                    connection.sendall(piece)
                if closing:
                    return

    def _ordinary(self, command: str) -> bytes:
        verb, _, rest = command.partition(" ")
        done = b"TAG OK done\r\n"
        if verb == "CAPABILITY":
            return f"* CAPABILITY {self.capabilities}\r\n".encode() + done
        if verb == "EXAMINE":
            uidnext = self.uidnext or max(self.mails, default=0) + 1
            state = (
                f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY {self.uidvalidity}]\r\n* OK [UIDNEXT {uidnext}]\r\n"
            )
            return state.encode() + b"TAG OK [READ-ONLY] done\r\n"
        if verb == "UID" and rest.startswith("SEARCH"):
            found = [str(uid) for uid in self._of_set(rest.split()[2])]
            return f"* SEARCH {' '.join(found)}\r\n".encode() + done
        if verb == "UID" and rest.startswith("FETCH"):
            _, uids, items = rest.split(" ", 2)
            return b"".join(self.fetched(uid, items) for uid in self._of_set(uids)) + done
        return done

    def fetched(self, uid: int, items: str) -> bytes:
        """Return the ordinary answer for one mail."""
        number, raw = sorted(self.mails).index(uid) + 1, self.mails[uid]
        if "RFC822.SIZE" in items:
            date = '"01-Jan-2024 10:00:00 +0000"'
            return f"* {number} FETCH (UID {uid} RFC822.SIZE {len(raw)} INTERNALDATE {date})\r\n".encode()
        name = "BODY[HEADER]" if "HEADER" in items else "BODY[]"
        if name == "BODY[HEADER]":
            raw = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        if part := re.search(r"<(\d+)\.(\d+)>", items):
            start, length = int(part[1]), int(part[2])
            name, raw = f"BODY[]<{start}>", raw[start : start + length]
        return f"* {number} FETCH (UID {uid} {name} {{{len(raw)}}}\r\n".encode() + raw + b")\r\n"

    def _of_set(self, uids: str) -> list[int]:
        wanted: set[int] = set()
        last = max(self.mails, default=0)
        for part in uids.split(","):
            low, _, high = part.partition(":")
            start, end = (last if word == "*" else int(word) for word in (low, high or low))
            wanted |= {uid for uid in self.mails if min(start, end) <= uid <= max(start, end)}
        return sorted(wanted)


def answering(pattern, answer):
    """Return a script that answers matching commands, and leaves the others to the server."""
    return lambda command: answer(command) if re.match(pattern, command) else None
