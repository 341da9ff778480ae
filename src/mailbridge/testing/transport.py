"""Connects a sink to an emulator without a socket: fast, and every fault happens at once."""

from collections.abc import Callable
from typing import Protocol
from urllib.parse import parse_qsl

import httpx

from mailbridge.testing.emulator import Answer, Call, Fault

Watcher = Callable[[Call], None]


def _ignore(_call: Call) -> None:
    pass


class Processes(Protocol):
    """Who answers requests: an emulator, or something before it."""

    def process(self, call: Call) -> tuple[Answer, Fault | None]:
        """Answer one, with the fault that meets it."""
        ...


class EmulatorTransport(httpx.BaseTransport):
    """Answers requests by an emulator; faults appear as httpx would raise them.

    Args:
        emulator: Answers whatever the host in the address.
        before: Called before a request is processed; what it raises, the sink gets, and nothing is processed.
        after: Called when it was processed; what it raises is a lost answer.
    """

    def __init__(self, emulator: Processes, before: Watcher = _ignore, after: Watcher = _ignore) -> None:
        self._emulator = emulator
        self._before = before
        self._after = after

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Process one request."""
        call = call_of(request)
        self._before(call)
        answer, fault = self._emulator.process(call)
        self._after(call)
        if fault is not None:
            _break(fault, request)
        return _response(answer, fault)


def call_of(request: httpx.Request) -> Call:
    """Return a request as an emulator sees it."""
    return Call(
        method=request.method,
        path=request.url.path,
        query=tuple(parse_qsl(request.url.query.decode("ascii"), keep_blank_values=True)),
        headers={key.lower(): value for key, value in request.headers.items()},
        body=request.read(),
        client="test",
    )


def _break(fault: Fault, request: httpx.Request) -> None:
    """Raise what the caller sees of a fault that leaves no answer."""
    if fault.kind in {"drop_before", "drop_after"}:
        raise httpx.RemoteProtocolError("server disconnected without sending a response", request=request)
    patience = request.extensions.get("timeout", {}).get("read")
    if fault.kind == "late" and patience is not None and fault.delay_s > patience:
        raise httpx.ReadTimeout("timed out", request=request)


def _response(answer: Answer, fault: Fault | None) -> httpx.Response:
    body = answer.encoded()
    kind = answer.content_type
    if fault is not None and fault.kind == "truncate":
        body = body[: len(body) // 2]
    if fault is not None and fault.kind == "wrong_type":
        kind = "text/plain"
    return httpx.Response(answer.status, headers={"content-type": kind, **answer.headers}, content=body)
