"""A Bitrix24 portal in memory: the REST methods that a lead sink needs, called by an inbound webhook."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

from mailbridge.testing.account_settings import AccountSetting, of_attributes
from mailbridge.testing.bitrix24_data import CONTACT, DEAL, LEAD, TYPE_NAMES, FieldSpec, Portal, RestError
from mailbridge.testing.bitrix24_items import Context, Reply
from mailbridge.testing.bitrix24_limits import Bucket, Operating
from mailbridge.testing.bitrix24_methods import METHODS, scope_of
from mailbridge.testing.bitrix24_oauth import TOKEN_PATH, TokenDesk
from mailbridge.testing.bitrix24_people import MANAGER, Manager
from mailbridge.testing.bitrix24_php import as_php, mapped, parse_query, substitute
from mailbridge.testing.emulator import Answer, Call, Emulator

_ADDRESS = re.compile(r"/rest/(?P<user>\d+)/(?P<code>[^/]+)/(?P<method>[\w.]+?)(?:\.json)?/?")
_OF_APPLICATION = re.compile(r"/rest/(?P<method>[a-z][\w.]*?)(?:\.json)?/?")
_MOST_COMMANDS = 50
_CHANGING = (".add", ".update", ".delete")
_TAG = re.compile(r"\[/?(?:[a-z]+|\*)(?:=[^\]]*)?\]|</?[a-z][^>]*>", re.IGNORECASE)
_GAP = "\u200b"


@dataclass(slots=True)
class Switches:
    """How the portal behaves; all off = a classic portal in good order.

    Attributes:
        simple: No leads: each becomes a contact and a deal at once.
        moved_to: Origin such as https://new.example that every other address answers 302 to, "" = not moved.
        limited: Whether the bucket of requests is counted.
        scopes: Rights of the webhook.
        wrong_code_status: What a wrong webhook code is answered with; the vendor's pages say 401 and 403.
        commercial: False = a plan without REST.
        webhook_ended: Whether the webhook's date has passed.
    """

    simple: bool = False
    moved_to: str = ""
    limited: bool = False
    scopes: frozenset[str] = frozenset({"crm", "user"})
    wrong_code_status: int = 401
    commercial: bool = True
    webhook_ended: bool = False


class Bitrix24Emulator(Emulator):
    """A portal at `/rest/<user>/<token>/<method>[.json]`.

    Written after the vendor's documentation (apidocs.bitrix24.com); nothing was compared with a live portal.

    Attributes:
        portal: Its data; tests look and change there.
        switches: Its behaviour.
        bucket: Counted when `switches.limited`.
        operating: Counted when `operating.cost_s` is not 0.
        errors: Method → errors of its next calls, first to last; for faults of single commands inside a batch.
    """

    name: ClassVar[str] = "bitrix24"

    def __init__(self, *, clock: Callable[[], float] = time.time, journal: Path | None = None) -> None:
        super().__init__(clock=clock, journal=journal)
        self.switches = Switches()
        self.desk = TokenDesk(self.clock)
        self._start_anew()

    def _start_anew(self) -> None:
        self.portal = Portal()
        self.bucket = Bucket()
        self.operating = Operating()
        self.errors: dict[str, list[RestError]] = {}

    def reset(self) -> None:
        """Forget all objects, the journal and the faults; the switches stay."""
        self._start_anew()
        self.journal.clear()
        self.faults.clear()

    def account_settings(self) -> Mapping[str, AccountSetting]:
        """Return the switches, what each call costs, and the user fields of leads; see `Emulator`."""
        names = ("simple", "limited", "scopes", "wrong_code_status", "commercial", "moved_to", "webhook_ended")
        own = [name for name in self.portal.fields[LEAD] if name.startswith("ufCrm")]
        return {
            **super().account_settings(),
            **of_attributes(self.switches, *names),
            **of_attributes(self.operating, "cost_s"),
            "lead_fields": AccountSetting(own, self._set_lead_fields),
        }

    def _set_lead_fields(self, names: list[str]) -> None:
        for kind in (LEAD, DEAL, CONTACT):
            fields = self.portal.fields[kind]
            kept = {name: spec for name, spec in fields.items() if not name.startswith("ufCrm") or name in names}
            self.portal.fields[kind] = kept | {name: FieldSpec() for name in names if name not in kept}

    def acts(self) -> Mapping[str, Callable[[str], Any]]:
        """Return what a manager does with a lead or deal."""
        return Manager(self.portal, lambda method, params: self._call(str(MANAGER), method, params)).acts()

    def add_field(self, kind: int, name: str, spec: FieldSpec | None = None) -> None:
        """Add a user field such as "ufCrm_1700000000" to leads (1), deals (2) or contacts (3)."""
        self.portal.fields[kind][name] = spec or FieldSpec()

    def handle(self, call: Call) -> Answer:
        """Answer one request."""
        if call.path == TOKEN_PATH:
            return self.desk.answer(call)
        host = call.headers.get("host", "")
        if self.switches.moved_to and host != self.switches.moved_to.partition("//")[2]:
            return Answer(302, None, {"location": self.switches.moved_to + call.path})
        try:
            return self._answer(call)
        except RestError as error:
            body = {"error": error.error, "error_description": error.description}
            return Answer(error.status, body)

    def _answer(self, call: Call) -> Answer:
        started = self.clock()
        if self.switches.limited:
            self.bucket.take(call.client, started)
        user, method = self._authorised(call)
        params = _params(call)
        if method == "batch":
            return Answer(200, {"result": self._batch(user, params), "time": self._time(started)})
        reply = self._call(user, method, params)
        body = {"result": reply.result} | _counts(reply) | {"time": self._time(started, method)}
        return Answer(200, body)

    def _authorised(self, call: Call) -> tuple[str, str]:
        if application := _OF_APPLICATION.fullmatch(call.path):
            self._admit(str(_params(call).get("auth") or ""))
            return "1", application["method"].lower()
        address = _ADDRESS.fullmatch(call.path)
        if address is None:
            raise RestError(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")
        if address["code"] != self.token:
            raise RestError(self.switches.wrong_code_status, "INVALID_CREDENTIALS", "Invalid request credentials")
        if self.switches.webhook_ended:
            raise RestError(401, "expired_token", "The access token provided has expired.")
        if not self.switches.commercial:
            raise RestError(403, "ACCESS_DENIED", "REST API is available only on commercial plans")
        return address["user"], address["method"].lower()

    def _admit(self, token: str) -> None:
        """Let an application in whose access token is good."""
        if token not in self.desk.access:
            raise RestError(401, "NO_AUTH_FOUND", "Wrong authorization data")
        if self.desk.access[token] <= self.clock():
            raise RestError(401, "expired_token", "The access token provided has expired.")

    def _call(self, user: str, method: str, params: Mapping[str, Any]) -> Reply:
        if method not in METHODS:
            raise RestError(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")
        if not {scope_of(method)} <= {"", *self.switches.scopes}:
            text = "The request requires higher privileges than provided by the webhook token"
            raise RestError(403, "insufficient_scope", text)
        if self.errors.get(method):
            raise self.errors[method].pop(0)
        if self.operating.cost_s:
            self.operating.spend(method, self.clock())
        return METHODS[method](Context(self.portal, user, self.clock(), self.switches.simple), params)

    def _batch(self, user: str, params: Mapping[str, Any]) -> dict[str, Any]:
        parts: dict[str, dict[str, Any]] = {
            name: {} for name in ("result", "result_error", "result_total", "result_next", "result_time")
        }
        halt = str(params.get("halt", "0")).lower() in {"1", "true", "y"}
        for number, (name, command) in enumerate(mapped(params.get("cmd")).items()):
            try:
                self._command(user, name, str(command), number, parts)
            except RestError as error:
                parts["result_error"][name] = {"error": error.error, "error_description": error.description}
                if halt:
                    break
        return {name: as_php(part) for name, part in parts.items()}

    def _command(self, user: str, name: str, command: str, number: int, parts: dict[str, dict[str, Any]]) -> None:
        started = self.clock()
        method, _, query = command.partition("?")
        method = method.lower()
        if number >= _MOST_COMMANDS:
            raise RestError(400, "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
        if method == "batch":
            raise RestError(405, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage")
        reply = self._call(user, method, substitute(parse_query(query), parts["result"]))
        parts["result"][name] = reply.result
        parts["result_time"][name] = self._time(started, method)
        for part, value in _counts(reply).items():
            parts[f"result_{part}"][name] = value

    def _time(self, started: float, method: str = "") -> dict[str, Any]:
        now = self.clock()
        spent = self.operating.state(method, now) if method and self.operating.cost_s else {}
        return {
            "start": started,
            "finish": now,
            "duration": now - started,
            "processing": now - started,
            "date_start": datetime.fromtimestamp(int(started), UTC).isoformat(),
            "date_finish": datetime.fromtimestamp(int(now), UTC).isoformat(),
            **spent,
        }

    def keys(self) -> dict[str, list[str]]:
        """Return originId → ids of the leads, and of deals made as such, that carry it."""
        found: dict[str, list[str]] = {}
        for kind in (LEAD, DEAL):
            for item in self.portal.items[kind].values():
                if item["originId"]:
                    found.setdefault(item["originId"], []).append(str(item["id"]))
        return found

    def writes(self, call: Call) -> bool:
        """Whether a request may change the portal: every request is a POST, so its method, or its commands, tell."""
        address = _OF_APPLICATION.fullmatch(call.path) or _ADDRESS.fullmatch(call.path)
        method = address["method"].lower() if address else ""
        commands = mapped(_params(call).get("cmd")).values() if method == "batch" else (method,)
        return any(str(command).partition("?")[0].endswith(_CHANGING) for command in commands)

    def counts(self) -> dict[str, int]:
        """Return kind of object → how many exist."""
        portal = self.portal
        counts = {TYPE_NAMES[kind]: len(items) for kind, items in portal.items.items()}
        return {**counts, "comments": len(portal.comments), "activities": len(portal.activities)}

    def card(self, key: str) -> dict[str, Any] | None:
        """Return the leads or deals of a delivery with contact, comments and to-dos, as a person sees them."""
        kinds = ((kind, item) for kind in (LEAD, DEAL) for item in self.portal.items[kind].values())
        mine = [(kind, item) for kind, item in kinds if item["originId"] == key]
        if not mine:
            return None
        owners = {(str(kind), str(item["id"])) for kind, item in mine}
        kind, item = mine[0]
        return {
            TYPE_NAMES[kind]: _seen(item),
            "contact": _seen(self.portal.items[CONTACT].get(item["contactId"] or 0, {})),
            "notes": [shown(one["COMMENT"]) for one in self._of(owners, self.portal.comments)],
            "tasks": [
                shown(f"{one['SUBJECT']}\n{one['DESCRIPTION']}\n{one['DEADLINE']}")
                for one in self._of(owners, self.portal.activities)
            ],
        }

    @staticmethod
    def _of(owners: set[tuple[str, str]], rows: Mapping[int, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return the comments or activities of some leads or deals."""
        type_ids = {name: str(kind) for kind, name in TYPE_NAMES.items()}
        return [
            row
            for row in rows.values()
            if (row.get("OWNER_TYPE_ID") or type_ids[row["ENTITY_TYPE"]], str(row.get("OWNER_ID") or row["ENTITY_ID"]))
            in owners
        ]


def shown(text: str) -> str:
    """Return text as a person sees it: BB-code and HTML tags work and are not read, a zero-width space vanishes."""
    return _TAG.sub("", text).replace(_GAP, "")


def _seen(item: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: value for name, value in item.items() if value not in (None, "", [])}
    return {name: shown(value) if isinstance(value, str) else value for name, value in values.items()}


def _counts(reply: Reply) -> dict[str, int]:
    counts = {"total": reply.total, "next": reply.next}
    return {name: value for name, value in counts.items() if value is not None}


def _params(call: Call) -> dict[str, Any]:
    """Return the parameters of the address and of the body, which may be JSON or a form."""
    params = parse_query(urlencode(call.query))
    if not call.body:
        return params
    if "json" not in call.headers.get("content-type", ""):
        return params | parse_query(call.body.decode("utf-8", "replace"))
    try:
        return params | mapped(call.json())
    except ValueError:
        raise RestError(400, "INVALID_REQUEST", "Cannot parse JSON") from None
