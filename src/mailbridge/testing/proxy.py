"""A TCP proxy on loopback that spoils connections: between the daemon and a mail server, a CRM or a database."""

import asyncio
import socket
import struct
import threading
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal

TroubleKind = Literal["latency", "slow", "cut", "reset", "black_hole", "refuse"]
Direction = Literal["to_server", "to_client", "both"]

PIECE = 16 * 1024
"""Most bytes that are passed on at once."""

SLOW_PIECE = 64
"""Bytes of one piece when bytes are slow."""

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, zero seconds: close sends RST


@dataclass(frozen=True, slots=True)
class Trouble:
    """What connections suffer.

    Attributes:
        kind: latency = each piece waits `delay_s`; slow = pieces of 64 bytes, `delay_s` between them; cut = close in
            good order after `after_bytes`; reset = the same with RST; black_hole = swallow everything from now on and
            say nothing, for the rest of the connection's life; refuse = reset new connections, leave old ones alone.
        direction: Whose bytes are hit. "to_client" spoils answers of requests that the server has carried out.
        after_bytes: For cut and reset: so many bytes of the hit direction still pass, counted since the trouble began.
        delay_s: For latency and slow.
    """

    kind: TroubleKind
    direction: Direction = "both"
    after_bytes: int = 0
    delay_s: float = 0.0


class FaultProxy:
    """Passes bytes between clients and one server. Every connection, old or new, obeys the present `trouble`.

    What a client has sent before it gave up still reaches the server, late if need be, as it does on a network.

    Attributes:
        port: Where clients connect, on 127.0.0.1.
        met: Kind of trouble → how many connections suffered it.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._trouble: Trouble | None = None
        self._loop = asyncio.new_event_loop()
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.met: Counter[str] = Counter()
        self.age = 0

    @property
    def trouble(self) -> Trouble | None:
        """What goes wrong at present, None = nothing; may be set from any thread at any time."""
        return self._trouble

    @trouble.setter
    def trouble(self, trouble: Trouble | None) -> None:
        self._trouble = trouble
        self.age += 1  # the same trouble twice in a row counts its bytes anew

    def drop_all(self) -> None:
        """Reset every connection there is."""
        self._loop.call_soon_threadsafe(self._end_links)

    def serve(self) -> None:
        """Run until `stop`; blocks."""
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, sock=self._listener))
        try:
            self._loop.run_forever()
        finally:
            server.close()
            self._end_links()
            for task in self._tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()

    def stop(self) -> None:
        """Let `serve` return."""
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _end_links(self) -> None:
        for link in list(self._links):
            link.end(reset=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._trouble is not None and self._trouble.kind == "refuse":
            self.met["refuse"] += 1
            _close(writer, reset=True)
            return
        try:
            up_reader, up_writer = await asyncio.open_connection(*self._target)
        except OSError:
            _close(writer, reset=True)
            return
        link = _Link(self, writer, up_writer)
        self._links.add(link)
        self._start(link.pump("to_server", reader, up_writer))
        self._start(link.pump("to_client", up_reader, writer))

    def _start(self, pump: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(pump)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def forget(self, link: "_Link") -> None:
        """Note that a connection is over."""
        self._links.discard(link)


class _Link:
    """One client's connection and its counterpart to the server."""

    def __init__(self, proxy: FaultProxy, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._ends = (client, server)
        self._swallows = False
        self._suffered = -1
        self._passed: dict[str, tuple[int, int]] = {}

    async def pump(self, direction: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on one direction until either end closes."""
        try:
            while data := await reader.read(PIECE):
                if not await self._pass(direction, data, writer):
                    return
        except (OSError, asyncio.IncompleteReadError):
            self.end(reset=True)
        else:
            if not self._swallows:
                self.end(reset=False)

    def end(self, *, reset: bool) -> None:
        """Close both ends."""
        self._proxy.forget(self)
        for writer in self._ends:
            _close(writer, reset=reset)

    async def _pass(self, direction: Direction, data: bytes, writer: asyncio.StreamWriter) -> bool:
        """Pass on some bytes as the trouble lets them; return whether the connection lives on."""
        trouble = self._proxy.trouble
        if self._swallows:
            return True
        if trouble is None or trouble.kind == "refuse" or trouble.direction not in {direction, "both"}:
            return await _write(writer, data)
        self._suffer(trouble)
        if trouble.kind == "black_hole":
            self._swallows = True
            return True
        if trouble.kind in {"cut", "reset"}:
            return await self._cut(direction, data, writer, trouble)
        if trouble.kind == "slow":
            return await _write_slowly(writer, data, trouble.delay_s)
        await asyncio.sleep(trouble.delay_s)
        return await _write(writer, data)

    async def _cut(self, direction: str, data: bytes, writer: asyncio.StreamWriter, trouble: Trouble) -> bool:
        age, passed = self._passed.get(direction, (0, 0))
        if age != self._proxy.age:
            passed = 0
        allowed = trouble.after_bytes - passed
        self._passed[direction] = (self._proxy.age, passed + len(data))
        if len(data) <= allowed:
            return await _write(writer, data)
        if allowed > 0:
            await _write(writer, data[:allowed])
        self.end(reset=trouble.kind == "reset")
        return False

    def _suffer(self, trouble: Trouble) -> None:
        if self._suffered != self._proxy.age:
            self._suffered = self._proxy.age
            self._proxy.met[trouble.kind] += 1


async def _write(writer: asyncio.StreamWriter, data: bytes) -> bool:
    writer.write(data)
    await writer.drain()
    return True


async def _write_slowly(writer: asyncio.StreamWriter, data: bytes, delay_s: float) -> bool:
    for start in range(0, len(data), SLOW_PIECE):
        await asyncio.sleep(delay_s)
        await _write(writer, data[start : start + SLOW_PIECE])
    return True


def _close(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    if writer.is_closing():
        return
    if not reset:
        writer.close()
        return
    with suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()


@contextmanager
def fault_proxy(port: int, host: str = "127.0.0.1") -> Iterator[FaultProxy]:
    """Run a proxy before a server until the block ends; clients connect to its `port` on 127.0.0.1."""
    proxy = FaultProxy(host, port)
    thread = threading.Thread(target=proxy.serve, daemon=True, name=f"proxy of {port}")
    thread.start()
    try:
        yield proxy
    finally:
        proxy.stop()
        thread.join(timeout=5)
