"""An emulator of Odoo's JSON-2 API (odoo.com documentation 19.0, External JSON-2 API): crm.lead and res.users."""

from html import unescape
from typing import Any, ClassVar

from mailbridge.testing.emulator import Answer, Call, Emulator

KEY = "x_mailbridge_key"
_READS = {"search_read", "fields_get", "read", "search", "search_count"}
_COLUMNS = {
    "type", "name", "contact_name", "email_from", "phone", "website", "description", "expected_revenue", "user_id",
    "team_id",
}  # fmt: skip


class OdooEmulator(Emulator):
    """Leads of one database; a call is one transaction.

    Attributes:
        database: The name that X-Odoo-Database has to give.
        fields: Columns of crm.lead.
        users: Ids of active users.
    """

    name: ClassVar[str] = "odoo"

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.database = "crm"
        self.fields = {*_COLUMNS, KEY}
        self.users = {2, 7}
        self.reset()

    def reset(self) -> None:
        """Forget everything but the settings."""
        self.rows: dict[int, dict[str, Any]] = {}
        self.journal.clear()
        self.faults.clear()

    def writes(self, call: Call) -> bool:
        """Every method is called by POST."""
        return call.path.rpartition("/")[2] not in _READS

    def handle(self, call: Call) -> Answer:  # noqa: PLR0911 - one return for each method of the API
        """Answer one call."""
        if call.headers.get("authorization", "").lower() != f"bearer {self.token}":
            return _error(401, "werkzeug.exceptions.Unauthorized", "Invalid apikey")
        if call.headers.get("x-odoo-database") != self.database:
            return _error(404, "werkzeug.exceptions.NotFound", "no such database")
        arguments = call.json() or {}
        match call.path.removeprefix("/json/2/").split("/"):
            case ["crm.lead", "create"]:
                return self._create(arguments["vals_list"])
            case ["crm.lead", "search_read"]:
                return Answer(200, self._found(self.rows, arguments))
            case ["crm.lead", "fields_get"]:
                return Answer(200, {name: {"type": "char"} for name in arguments["allfields"] if name in self.fields})
            case ["res.users", "search_read"]:
                return Answer(200, self._found({user: {"name": f"User {user}"} for user in self.users}, arguments))
        return _error(404, "werkzeug.exceptions.NotFound", "no such model or method")

    def _create(self, values: list[dict[str, Any]]) -> Answer:
        for one in values:
            if unknown := set(one) - self.fields:
                return _error(422, "builtins.ValueError", f"Invalid field {min(unknown)!r} in 'crm.lead'")
            if not one.get("name"):
                return _error(
                    422, "odoo.exceptions.ValidationError", "The operation cannot be completed: name is missing"
                )
            if one.get("user_id") not in {None, *self.users}:
                return _error(
                    422, "odoo.exceptions.MissingError", "Record does not exist or has been deleted: res.users"
                )
        ids = [len(self.rows) + place for place, _ in enumerate(values, 1)]
        self.rows |= {number: dict(one) for number, one in zip(ids, values, strict=True)}
        return Answer(200, ids)

    def _found(self, rows: dict[int, dict[str, Any]], arguments: dict[str, Any]) -> list[dict[str, Any]]:
        found = []
        for number, row in rows.items():
            whole = {"id": number, **row}
            if all(_holds(whole, *term) for term in arguments["domain"]):
                found.append({"id": number, **{name: whole.get(name, False) for name in arguments["fields"]}})
        return found

    def keys(self) -> dict[str, list[str]]:
        """Return delivery key → ids of leads."""
        found: dict[str, list[str]] = {}
        for number, row in self.rows.items():
            found.setdefault(row.get(KEY, ""), []).append(str(number))
        return found

    def card(self, key: str) -> dict[str, Any] | None:
        """Return the leads of a key, their description as people read it."""
        rows = [row for row in self.rows.values() if row.get(KEY) == key]
        shown = [{**row, "description": unescape(row["description"].replace("<br>", "\n"))} for row in rows]
        return {"leads": shown, "notes": [], "tasks": []} if rows else None


def _holds(row: dict[str, Any], name: str, operator: str, value: Any) -> bool:
    return bool(row.get(name) in value if operator == "in" else row.get(name) == value)


def _error(status: int, name: str, message: str) -> Answer:
    return Answer(
        status, {"name": name, "message": message, "arguments": [message], "context": {}, "debug": "Traceback"}
    )
