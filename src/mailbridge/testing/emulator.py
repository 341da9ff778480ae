"""The common part of the CRM emulators: journal, faults, control address, ASGI."""

import asyncio
import copy
import json
import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args
from urllib.parse import parse_qsl

from mailbridge.testing.account_settings import AccountSetting, change, of_attributes
from mailbridge.testing.emulator_page import page_of, posted

FaultKind = Literal["drop_before", "drop_after", "late", "status", "html", "truncate", "wrong_type"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Call:
    """One request as an emulator sees it; header names in lower case, query pairs in order."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes
    client: str = ""

    def json(self) -> Any:
        """Return the decoded JSON body, None when empty; raises ValueError when it is not JSON."""
        return json.loads(self.body) if self.body else None

    def arg(self, name: str, default: str = "") -> str:
        """Return the first query parameter of a name."""
        return next((value for key, value in self.query if key == name), default)

    def args(self, name: str) -> list[str]:
        """Return all query parameters of a name."""
        return [value for key, value in self.query if key == name]


@dataclass(frozen=True, slots=True)
class Answer:
    """One response; a body that is no bytes is sent as JSON, None as an empty body."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    def encoded(self) -> bytes:
        """Return the body's bytes."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body, ensure_ascii=False).encode()


@dataclass(slots=True)
class Fault:
    """What goes wrong with the next requests.

    Attributes:
        kind: drop_before = cut without processing; drop_after = process, then cut; late = process, answer after
            `delay_s`; status, html = answer `status` (as JSON or an HTML page) without processing;
            truncate, wrong_type = process, answer half the body, or text/plain.
        path: Part of the path (or of the body) that requests must have; "" = all.
        method: HTTP method they must have; "" = all.
        times: How many requests; each one counts down.
        status: For status and html.
        delay_s: For late.
        process: For status and html: process the request all the same, then answer the error.
        retry_after: For status: what a Retry-After header says; "" = no header.
    """

    kind: FaultKind
    path: str = ""
    method: str = ""
    times: int = 1
    status: int = 500
    delay_s: float = 0.0
    process: bool = False
    retry_after: str = ""

    def hits(self, call: Call) -> bool:
        """Whether the fault applies to a request."""
        if self.times <= 0 or (self.method and self.method != call.method):
            return False
        return self.path in call.path or self.path.encode() in call.body


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal."""

    number: int
    at: float
    method: str
    path: str
    body: str
    status: int
    fault: str


class Emulator(ABC):
    """A CRM in memory. Subclasses answer `handle`; everything runs under one lock.

    Args:
        clock: Unix seconds; tests move it to expire tokens.
        journal: File that gets one fsynced JSON line per processed request, or None.

    Attributes:
        delay_s: How long every answer takes on its way back.
    """

    name: ClassVar[str]
    token: str = "demo-token"

    def __init__(self, *, clock: Callable[[], float] = time.time, journal: Path | None = None) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.delay_s = 0.0
        self.faults: list[Fault] = []
        self.journal: list[Entry] = []
        self._file = journal.open("a", encoding="utf-8") if journal else None

    def __deepcopy__(self, memo: dict[int, Any]) -> "Emulator":
        """Return the account as it is now, with a lock of its own and no journal file."""
        twin = type(self).__new__(type(self))
        memo[id(self)] = twin
        own: dict[str, Any] = {"lock": threading.RLock(), "_file": None, "clock": self.clock}
        for name, value in vars(self).items():
            setattr(twin, name, own[name] if name in own else copy.deepcopy(value, memo))
        return twin

    @abstractmethod
    def handle(self, call: Call) -> Answer:
        """Answer one request of the CRM's API."""

    @abstractmethod
    def keys(self) -> dict[str, list[str]]:
        """Return delivery key → ids of the main objects (leads) that carry it; two ids = a duplicate."""

    @abstractmethod
    def card(self, key: str) -> dict[str, Any] | None:
        """Return what a person sees of a delivery: all of the card's fields that reached the CRM.

        `notes` and `tasks` are lists of their texts, of all main objects with this key; the rest is the CRM's own.
        """

    @abstractmethod
    def reset(self) -> None:
        """Forget all objects, the journal and the faults."""

    def acts(self) -> Mapping[str, Callable[[str], Any]]:
        """Return what a person in the CRM can do with a main object, by its id: for tries of reading back."""
        return {}

    def account_settings(self) -> Mapping[str, AccountSetting]:
        """Return what can be changed of the account while it runs: plan, rights, fields, limits."""
        return of_attributes(self, "delay_s")

    def writes(self, call: Call) -> bool:
        """Whether a request is meant to change the CRM; overridden where reads and log-ins use POST too."""
        return call.method not in {"GET", "HEAD", "OPTIONS"}

    def lags(self, call: Call) -> bool:
        """Whether a request reads an index, which may not show yet what was just written; log-ins do not."""
        return not self.writes(call) and "oauth" not in call.path

    def counts(self) -> dict[str, int]:
        """Return kind of object → how many exist; conformance tests compare it with that of a faultless run."""
        cards = {key: self.card(key) or {} for key in self.keys()}
        counts = {part: sum(len(card.get(part, ())) for card in cards.values()) for part in ("notes", "tasks")}
        return {"main": sum(map(len, self.keys().values())), **counts}

    def process(self, call: Call) -> tuple[Answer, Fault | None]:
        """Answer a request, with the fault that meets it; journalled when it was processed."""
        with self.lock:
            fault = next((fault for fault in self.faults if fault.hits(call)), None)
            if fault is not None:
                fault.times -= 1
            if fault is not None and fault.kind in {"status", "html", "drop_before"} and not fault.process:
                answer = _failure(fault)
            else:
                answer = self.handle(call)
                if fault is not None and fault.kind in {"status", "html"}:
                    answer = _failure(fault)
            self._note(call, answer, fault)
            return answer, fault

    def _note(self, call: Call, answer: Answer, fault: Fault | None) -> None:
        path = call.path + ("?" + "&".join(f"{key}={value}" for key, value in call.query) if call.query else "")
        body = call.body.decode("utf-8", "replace")
        entry = Entry(
            len(self.journal), self.clock(), call.method, path, body, answer.status, fault.kind if fault else ""
        )
        self.journal.append(entry)
        if self._file:
            self._file.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def control(self, call: Call) -> Answer:
        """Answer the emulator's own address `/_emulator/…`: state, journal, cards, counts, faults, reset."""
        what = call.path.removeprefix("/_emulator/").strip("/")
        with self.lock:
            if call.method in {"POST", "DELETE"}:
                return self._controlled(f"{call.method} {what}", call)
            looks: dict[str, Callable[[], Any]] = {
                "keys": self.keys,
                "cards": lambda: {key: self.card(key) for key in self.keys()},
                "counts": self.counts,
                "settings": lambda: {name: one.value for name, one in self.account_settings().items()},
                "journal": lambda: [asdict(entry) for entry in self.journal],
            }
            if what in looks:
                return Answer(200, looks[what]())
            if what == "":
                return Answer(200, page_of(self), content_type="text/html; charset=utf-8")
        return _NO_SUCH_CONTROL

    def _controlled(self, what: str, call: Call) -> Answer:
        acts: dict[str, Callable[[Call], Answer]] = {
            "POST faults": self._add_fault,
            "POST settings": self._change_settings,
            "POST page": self._clicked,
            "DELETE faults": lambda _: _done(self.faults.clear),
            "POST reset": lambda _: _done(self.reset),
        }
        return acts[what](call) if what in acts else _NO_SUCH_CONTROL

    def _add_fault(self, call: Call) -> Answer:
        try:
            self.faults.append(_fault(call.json()))
        except (TypeError, ValueError) as error:
            return Answer(400, {"error": f"no fault: {error}"})
        return Answer(201, {"faults": len(self.faults)})

    def _change_settings(self, call: Call) -> Answer:
        try:
            change(self.account_settings(), call.json())
        except ValueError as error:
            return Answer(400, {"error": f"no setting: {error}"})
        return Answer(200, {name: one.value for name, one in self.account_settings().items()})

    def _clicked(self, call: Call) -> Answer:
        """Do what a form of the page asks for, and show the page again."""
        try:
            form = posted(call)
            wish = form.pop("do", "")
            if wish == "fault":
                self.faults.append(_fault(form))
            elif wish == "mend":
                self.faults.clear()
            elif wish == "reset":
                self.reset()
            elif wish == "setting":
                change(self.account_settings(), {form["name"]: json.loads(form["value"])})
            else:
                self.acts()[wish](form["id"])
        except (KeyError, TypeError, ValueError) as error:
            return Answer(400, {"error": f"can't be done: {error}"})
        return Answer(303, None, {"Location": "/_emulator/"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve ASGI."""
        if scope["type"] != "http":
            return
        call = await _read(scope, receive)
        if call.path.startswith("/_emulator/"):
            await _write(send, self.control(call))
            return
        answer, fault = self.process(call)
        if fault is not None and fault.kind in {"drop_before", "drop_after"}:
            # uvicorn hands out bound methods of its request cycle: the only way to cut a connection from inside.
            send.__self__.transport.abort()  # type: ignore[attr-defined]
            return
        late_s = fault.delay_s if fault is not None and fault.kind == "late" else 0.0
        if late_s or self.delay_s:
            await asyncio.sleep(late_s + self.delay_s)
        await _write(send, answer, fault)


def _done(act: Callable[[], None]) -> Answer:
    act()
    return Answer(200, {})


_NO_SUCH_CONTROL = Answer(
    404,
    {
        "error": "addresses: / (a page), keys, cards, counts, journal, settings (GET, POST), faults (POST, DELETE), "
        "reset (POST)"
    },
)


def _fault(wanted: Any) -> Fault:
    """Return a fault as it was posted; raises TypeError, ValueError for what is none."""
    fault = Fault(**wanted)
    if fault.kind not in get_args(FaultKind):
        raise ValueError(f"kind is one of {', '.join(get_args(FaultKind))}")
    return fault


def _failure(fault: Fault) -> Answer:
    if fault.kind == "html":
        page = f"<html><head><title>{fault.status}</title></head><body>nginx</body></html>".encode()
        return Answer(fault.status, page, content_type="text/html")
    headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
    return Answer(fault.status, {"error": "injected"}, headers)


async def _read(scope: Scope, receive: Receive) -> Call:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return Call(
        method=scope["method"],
        path=scope["path"],
        query=tuple(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers={key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]},
        body=body,
        client=(scope.get("client") or ("",))[0],
    )


async def _write(send: Send, answer: Answer, fault: Fault | None = None) -> None:
    body = answer.encoded()
    kind = "text/plain" if fault is not None and fault.kind == "wrong_type" else answer.content_type
    if fault is not None and fault.kind == "truncate":
        body = body[: len(body) // 2]
    fields = {"content-type": kind, "content-length": str(len(body)), **answer.headers}
    headers = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in fields.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
