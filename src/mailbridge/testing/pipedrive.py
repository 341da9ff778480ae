"""An emulator of Pipedrive: persons and searches of API v2, leads and notes of v1 (developers.pipedrive.com)."""

import uuid
from html import unescape
from typing import Any, ClassVar

from mailbridge.testing.emulator import Answer, Call, Emulator

PERSON_KEY = "9dc80c50d78a15643bfc4ca79d76156a73a1ca0e"
LEAD_KEY = "4e1f1a9d3c0b7f7fdc3c0b7e4a5f6c1de2b3a495"


class PipedriveEmulator(Emulator):
    """Persons, leads, notes, fields and users of one company.

    Attributes:
        users: Ids of active users.
        fields: Kind → API keys of its custom fields.
    """

    name: ClassVar[str] = "pipedrive"

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.users = {11}
        self.fields = {"personFields": [PERSON_KEY], "dealFields": [LEAD_KEY]}
        self.reset()

    def reset(self) -> None:
        """Forget everything but the settings."""
        self.persons: dict[int, dict[str, Any]] = {}
        self.leads: dict[str, dict[str, Any]] = {}
        self.notes: dict[int, dict[str, Any]] = {}
        self.journal.clear()
        self.faults.clear()

    def handle(self, call: Call) -> Answer:  # noqa: PLR0911 - one return for each method of the API
        """Answer one request."""
        if self.token not in {call.headers.get("x-api-token"), call.arg("api_token")}:
            return _error(401, "unauthorized access")
        match call.method, call.path.removeprefix("/api/").split("/"):
            case "GET", ["v1", "users", who]:
                return self._user(who)
            case "GET", ["v1", kind] if kind in self.fields:
                return _good([{"key": "name"}, *({"key": key} for key in self.fields[kind])])
            case "POST", ["v2", "persons"]:
                return self._person(call.json())
            case "POST", ["v1", "leads"]:
                return self._lead(call.json())
            case "POST", ["v1", "notes"]:
                return self._note_of(call.json())
            case "GET", ["v1", "notes"]:
                rows = [note for note in self.notes.values() if note["lead_id"] == call.arg("lead_id")]
                return _good(rows[: int(call.arg("limit", "100"))] or None)
            case "GET", ["v2", "persons", "search"]:
                return self._search(call, list(self.persons.values()), "person")
            case "GET", ["v2", "leads", "search"]:
                return self._search(call, list(self.leads.values()), "lead")
        return _error(404, "unknown method")

    def _user(self, who: str) -> Answer:
        if who == "me":
            return _good({"id": 11, "active_flag": True})
        there = who.isdigit() and int(who) in self.users
        return _good({"id": int(who), "active_flag": True}) if there else _error(404, "user not found")

    def _person(self, body: dict[str, Any]) -> Answer:
        if not body.get("name"):
            return _error(400, "Parameter validation error: name is required")
        if problem := self._owner_problem(body):
            return problem
        unknown = set(body.get("custom_fields", {})) - set(self.fields["personFields"])
        if unknown:
            return _error(400, f"Validation failed: custom_fields: {sorted(unknown)}")
        person = {**body, "id": len(self.persons) + 1}
        self.persons[person["id"]] = person
        return _good(person, 201)

    def _lead(self, body: dict[str, Any]) -> Answer:
        if not body.get("title"):
            return _error(400, "The field 'title' is required")
        if body.get("person_id") not in self.persons:
            return _error(400, "A lead needs a person_id or an organization_id that exists")
        if problem := self._owner_problem(body):
            return problem
        lead = {**body, "id": str(uuid.UUID(int=len(self.leads) + 1))}
        self.leads[lead["id"]] = lead
        return _good(lead, 201)

    def _note_of(self, body: dict[str, Any]) -> Answer:
        if body.get("lead_id") not in self.leads:
            return _error(400, "A note needs a lead, deal, person or organization that exists")
        note = {**body, "id": len(self.notes) + 1}
        self.notes[note["id"]] = note
        return _good(note, 201)

    def _owner_problem(self, body: dict[str, Any]) -> Answer | None:
        owner = body.get("owner_id")
        return _error(400, "owner_id: no such user") if owner is not None and owner not in self.users else None

    def _search(self, call: Call, rows: list[dict[str, Any]], kind: str) -> Answer:
        """Search part by part unless exact; digits of phones are compared without punctuation."""
        term, exact = call.arg("term").casefold(), call.arg("exact_match") == "true"
        if len(term) < 2:
            return _error(400, "term must have at least 2 characters")
        found = []
        for row in rows:
            shown = _shown(row, kind)
            texts = [text.casefold() for name in call.arg("fields").split(",") for text in shown[name]]
            if any(term == text if exact else term in text for text in texts):
                item = {"id": row["id"], "type": kind, **{name + "s": shown[name] for name in ("email", "phone")}}
                found.append({"result_score": 1.0, "item": {**item, "custom_fields": shown["custom_fields"]}})
        return _good({"items": found[: int(call.arg("limit", "100"))]})

    def keys(self) -> dict[str, list[str]]:
        """Return delivery key → ids of leads."""
        found: dict[str, list[str]] = {}
        for lead in self.leads.values():
            found.setdefault(str(lead.get(LEAD_KEY)), []).append(lead["id"])
        return found

    def card(self, key: str) -> dict[str, Any] | None:
        """Return the leads of a key with person and notes."""
        leads = [lead for lead in self.leads.values() if lead.get(LEAD_KEY) == key]
        if not leads:
            return None
        ids = {lead["id"] for lead in leads}
        notes = [_plain(note["content"]) for note in self.notes.values() if note["lead_id"] in ids]
        return {
            "leads": leads,
            "persons": [self.persons[lead["person_id"]] for lead in leads],
            "notes": notes,
            "tasks": [],
        }

    def counts(self) -> dict[str, int]:
        """Return how many of each kind there are."""
        return {"persons": len(self.persons), "leads": len(self.leads), "notes": len(self.notes)}


def _shown(row: dict[str, Any], kind: str) -> dict[str, list[str]]:
    own = row.get("custom_fields", {}) if kind == "person" else {LEAD_KEY: row.get(LEAD_KEY)}
    return {
        "email": [one["value"] for one in row.get("emails", [])],
        "phone": [one["value"] for one in row.get("phones", [])],
        "custom_fields": [value for value in own.values() if value],
    }


def _plain(content: str) -> str:
    return unescape(content.replace("<br>", "\n"))


def _good(data: Any, status: int = 200) -> Answer:
    return Answer(status, {"success": True, "data": data})


def _error(status: int, text: str) -> Answer:
    return Answer(status, {"success": False, "error": text, "error_info": "see the documentation", "data": None})
