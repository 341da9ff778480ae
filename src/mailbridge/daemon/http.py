"""`/livez`, `/readyz` and `/metrics`, on threads of their own: what asks here never holds up the work."""

import errno
import json
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from mailbridge import __version__
from mailbridge.observe import metrics
from mailbridge.observe.events import log

MOST_CLIENTS = 32
"""Connections at a time; more are closed at once, so that no crowd takes threads or memory."""

CLIENT_S = 5.0
"""A client that says nothing for so long is let go."""

Answer = tuple[int, str, bytes]
"""Status, content type, body."""

State = Callable[[], tuple[bool, Mapping[str, Any]]]
"""Whether all is well, and what to say."""


class StateServer(ThreadingHTTPServer):
    """Answers GET and HEAD of three paths.

    Args:
        host: Address to listen on, IPv4 or IPv6.
        port: Port; 0 = any.
        alive: For /livez.
        ready: For /readyz.

    Raises:
        OSError: It can't listen there.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, host: str, port: int, *, alive: State, ready: State) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._room = threading.BoundedSemaphore(MOST_CLIENTS)
        self.answers: dict[str, Callable[[], Answer]] = {
            "/livez": lambda: _state(alive),
            "/readyz": lambda: _state(ready),
            "/metrics": lambda: (HTTPStatus.OK, CONTENT_TYPE_PLAIN_0_0_4, generate_latest(metrics.REGISTRY)),
        }
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Bind; the name of the host is asked of nobody."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a client a thread while there is room."""
        if not self._room.acquire(blocking=False):
            with suppress(OSError):
                request.sendall(b"HTTP/1.0 503 Service Unavailable\r\nConnection: close\r\n\r\n")
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, then make room."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that breaks off is no news."""


class _Handler(BaseHTTPRequestHandler):
    timeout = CLIENT_S
    server: StateServer

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        answer = self.server.answers.get(path)
        if answer is None:
            self._say(HTTPStatus.NOT_FOUND, "application/json", _json({"paths": list(self.server.answers)}))
        else:
            self._say(*answer())

    def version_string(self) -> str:
        """Return what the Server header says."""
        return f"mailbridge/{__version__}"

    do_HEAD = do_GET  # noqa: N815 - the name of the base class

    def _say(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Say nothing: probes come every few seconds."""


def _state(state: State) -> Answer:
    well, body = state()
    return HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE, "application/json", _json(body)


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode() + b"\n"


def _why(error: Exception) -> str:
    if getattr(error, "errno", None) != errno.EADDRINUSE:
        return str(error)
    return "the port is taken, perhaps by a second mailbridge on this machine: give each its own [http] port, or 0"


def serve(host: str, port: int, *, alive: State, ready: State) -> StateServer | None:
    """Start a server on a thread of its own; None where it can't listen: the work goes on without."""
    try:
        server = StateServer(host, port, alive=alive, ready=ready)
    except (OSError, OverflowError) as error:
        log.error("http_failed", address=f"{host}:{port}", error=_why(error))
        return None
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, name="http", daemon=True).start()
    return server
