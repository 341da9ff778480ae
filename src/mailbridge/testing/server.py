"""Serves emulators over HTTP on loopback, by uvicorn."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from mailbridge.testing.emulator import Emulator


@contextmanager
def serve(emulator: Emulator, port: int = 0) -> Iterator[str]:
    """Serve an emulator in a thread; yields its address, such as http://127.0.0.1:40123."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        server = uvicorn.Server(settings(emulator))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True, name=emulator.name)
        thread.start()
        _await_start(server, thread)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=5)


def settings(emulator: Emulator) -> uvicorn.Config:
    """Return the server settings of an emulator: h11, quiet, no signal handling of its own."""
    return uvicorn.Config(
        emulator, http="h11", ws="none", lifespan="off", log_level="critical", access_log=False,
        proxy_headers=False, timeout_graceful_shutdown=1,
    )  # fmt: skip


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + 10
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the emulator's server did not start")
        time.sleep(0.01)
