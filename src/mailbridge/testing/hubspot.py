"""An emulator of HubSpot's CRM API v3, as far as leads need it (developers.hubspot.com)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

from mailbridge.testing.emulator import Answer, Call, Emulator

KEY = "mailbridge_key"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
_READS = ("/search", "/batch/read")


class HubspotEmulator(Emulator):
    """Contacts, deals, their properties, pipelines and owners; one private-app token.

    Attributes:
        unique: Whether the key property has unique values, by object type; missing = there is none.
        owners: Ids of users.
        stages: Pipeline → its stages.
    """

    name: ClassVar[str] = "hubspot"

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.unique = {"contacts": True, "deals": True}
        self.owners = {"77"}
        self.stages = {"default": ["appointmentscheduled", "closedwon"]}
        self.reset()

    def reset(self) -> None:
        """Forget everything but the settings."""
        self.objects: dict[str, dict[str, dict[str, Any]]] = {"contacts": {}, "deals": {}}
        self.contact_of: dict[str, list[str]] = {}
        self.journal.clear()
        self.faults.clear()

    def writes(self, call: Call) -> bool:
        """POST also searches and reads."""
        return super().writes(call) and not call.path.endswith(_READS)

    def handle(self, call: Call) -> Answer:
        """Answer one request."""
        if call.headers.get("authorization") != f"Bearer {self.token}":
            return _error(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.")
        parts = call.path.removeprefix("/crm/v3/").split("/")
        match call.method, parts:
            case "GET", ["properties", kind, name]:
                return self._property(kind, name)
            case "GET", ["pipelines", "deals", name] if name in self.stages:
                return Answer(200, {"id": name, "stages": [{"id": stage} for stage in self.stages[name]]})
            case "GET", ["owners", owner] if owner in self.owners:
                return Answer(200, {"id": owner})
            case method, ["objects", kind, *rest] if kind in self.objects:
                return self._objects(method, kind, rest, call)
        return _error(404, "OBJECT_NOT_FOUND", "resource not found")

    def _objects(self, method: str, kind: str, rest: list[str], call: Call) -> Answer:
        match method, rest:
            case "POST", []:
                return self._create_one(kind, call.json())
            case "POST", ["batch", "create"]:
                return self._create_many(kind, call.json()["inputs"])
            case "POST", ["batch", "read"]:
                return self._read_many(kind, call.json())
            case "POST", ["search"]:
                return self._search(kind, call.json())
            case "GET", [value]:
                found = self._by(kind, call.arg("idProperty") or "id", value)
                return Answer(200, _shown(found)) if found else _error(404, "OBJECT_NOT_FOUND", "resource not found")
        return _error(405, "METHOD_NOT_ALLOWED", "method not allowed")

    def _property(self, kind: str, name: str) -> Answer:
        if name != KEY or kind not in self.unique:
            return _error(404, "OBJECT_NOT_FOUND", f"Property {name} does not exist")
        return Answer(200, {"name": name, "type": "string", "hasUniqueValue": self.unique[kind]})

    def _create_one(self, kind: str, body: dict[str, Any]) -> Answer:
        problem = self._problem(kind, body)
        return problem or Answer(201, _shown(self._store(kind, body)))

    def _create_many(self, kind: str, inputs: list[dict[str, Any]]) -> Answer:
        if len(inputs) > 100:
            return _error(400, "VALIDATION_ERROR", "The maximum number of inputs supported in a batch request is 100")
        made, errors = [], []
        for one in inputs:
            problem = self._problem(kind, one)
            if problem is None:
                made.append(_shown(self._store(kind, one)))
            else:
                errors.append({**problem.body, "context": {"objectWriteTraceId": [one.get("objectWriteTraceId", "")]}})
        status = 207 if errors else 201
        more = {"numErrors": len(errors), "errors": errors} if errors else {}
        return Answer(status, {"status": "COMPLETE", "results": made, **more})

    def _read_many(self, kind: str, body: dict[str, Any]) -> Answer:
        found = [self._by(kind, body["idProperty"], one["id"]) for one in body["inputs"]]
        missing = [one["id"] for one, there in zip(body["inputs"], found, strict=True) if there is None]
        errors = [{"category": "OBJECT_NOT_FOUND", "context": {"ids": missing}}] if missing else []
        results = [_shown(one) for one in found if one]
        return Answer(207 if errors else 200, {"status": "COMPLETE", "results": results, "errors": errors})

    def _search(self, kind: str, body: dict[str, Any]) -> Answer:
        wanted = {one["propertyName"]: one["value"] for group in body["filterGroups"] for one in group["filters"]}
        fits: Callable[[dict[str, Any]], bool] = lambda row: all(  # noqa: E731 - short
            row["properties"].get(name) == value for name, value in wanted.items()
        )
        rows = [_shown(row) for row in self.objects[kind].values() if fits(row)]
        return Answer(200, {"total": len(rows), "results": rows[: body.get("limit", 10)]})

    def _problem(self, kind: str, body: dict[str, Any]) -> Answer | None:
        properties = body["properties"]
        email, owner = properties.get("email"), properties.get("hubspot_owner_id")
        if email and not _EMAIL.fullmatch(email):
            return _error(400, "VALIDATION_ERROR", f"Property values were not valid: email {email} is invalid")
        if owner and str(owner) not in self.owners:
            return _error(
                400, "VALIDATION_ERROR", f"Property values were not valid: hubspot_owner_id {owner} is no active owner"
            )
        if kind == "contacts" and email and (there := self._by(kind, "email", email)):
            return _error(409, "CONFLICT", f"Contact already exists. Existing ID: {there['id']}")
        if self.unique.get(kind) and (there := self._by(kind, KEY, str(properties.get(KEY)))):
            return _error(409, "CONFLICT", f"{KEY} must be unique; {there['id']} has it")
        return None

    def _store(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        number = str(1000 * (kind == "deals") + len(self.objects[kind]) + 1)
        moment = datetime.fromtimestamp(self.clock(), UTC).isoformat()
        row = {"id": number, "properties": dict(body["properties"]), "createdAt": moment, "archived": False}
        self.objects[kind][number] = row
        self.contact_of[number] = [one["to"]["id"] for one in body.get("associations", [])]
        return row

    def _by(self, kind: str, name: str, value: str) -> dict[str, Any] | None:
        for row in self.objects[kind].values():
            there = row["id"] if name == "id" else row["properties"].get(name)
            if there is not None and str(there).casefold() == value.casefold():
                return row
        return None

    def keys(self) -> dict[str, list[str]]:
        """Return delivery key → ids of deals."""
        found: dict[str, list[str]] = {}
        for row in self.objects["deals"].values():
            found.setdefault(row["properties"].get(KEY), []).append(row["id"])
        return found

    def card(self, key: str) -> dict[str, Any] | None:
        """Return the deals of a key and their contacts."""
        deals = [row for row in self.objects["deals"].values() if row["properties"].get(KEY) == key]
        contacts = [self.objects["contacts"][one] for row in deals for one in self.contact_of[row["id"]]]
        return {"deals": deals, "contacts": contacts, "notes": [], "tasks": []} if deals else None

    def counts(self) -> dict[str, int]:
        """Return how many contacts and deals there are."""
        return {kind: len(rows) for kind, rows in self.objects.items()}


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """HubSpot answers every property as text."""
    return {**row, "properties": {name: str(value) for name, value in row["properties"].items()}}


def _error(status: int, category: str, message: str) -> Answer:
    return Answer(status, {"status": "error", "message": message, "category": category, "correlationId": "0-0"})
