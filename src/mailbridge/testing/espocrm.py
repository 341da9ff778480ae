"""An emulator of EspoCRM's lead capture (docs.espocrm.com; Tools/LeadCapture of the program)."""

import re
from typing import Any, ClassVar

from mailbridge.testing.emulator import Answer, Call, Emulator

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
_KEY = re.compile(r"\bmb1-[a-z2-7]{26}\b")


class EspocrmEmulator(Emulator):
    """Leads of one capture form: who is known by e-mail or phone gets a line in the log, no second lead.

    Attributes:
        fields: Fields of the form; others are ignored, as EspoCRM does.
    """

    name: ClassVar[str] = "espocrm"

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.fields = {"firstName", "lastName", "emailAddress", "phoneNumber", "website", "description"}
        self.reset()

    def reset(self) -> None:
        """Forget everything but the settings."""
        self.leads: dict[str, dict[str, Any]] = {}
        self.log: list[tuple[str, dict[str, Any]]] = []
        self.journal.clear()
        self.faults.clear()

    def handle(self, call: Call) -> Answer:
        """Answer one request."""
        if call.method == "GET" and call.path == "/api/v1/Settings":
            return Answer(200, {"theme": "Espo"})
        if call.method != "POST" or call.path != f"/api/v1/LeadCapture/{self.token}":
            return Answer(404, {"messageTranslation": {"label": "Not found"}})
        body = {name: value for name, value in call.json().items() if name in self.fields}
        if not body.get("lastName"):
            return Answer(400, {"messageTranslation": {"label": "validationFailure", "data": {"field": "lastName"}}})
        email = body.get("emailAddress")
        if email and not _EMAIL.fullmatch(email):
            return Answer(
                400, {"messageTranslation": {"label": "validationFailure", "data": {"field": "emailAddress"}}}
            )
        known = self._known(body)
        number = known or f"{len(self.leads) + 1:017x}"
        if known is None:
            self.leads[number] = body
        self.log.append((number, body))
        return Answer(200, b"true")

    def _known(self, body: dict[str, Any]) -> str | None:
        for number, lead in self.leads.items():
            if any(body.get(name) and lead.get(name) == body[name] for name in ("emailAddress", "phoneNumber")):
                return number
        return None

    def keys(self) -> dict[str, list[str]]:
        """Return delivery key → ids of the leads whose texts carry it."""
        found: dict[str, set[str]] = {}
        for number, body in self.log:
            for key in _KEY.findall(body.get("description", "")):
                found.setdefault(key, set()).add(number)
        return {key: sorted(numbers) for key, numbers in found.items()}

    def card(self, key: str) -> dict[str, Any] | None:
        """Return the lead of a key with what was logged."""
        numbers = self.keys().get(key, [])
        logged = [body for number, body in self.log if number in numbers]
        return (
            {"leads": [self.leads[one] for one in numbers], "log": logged, "notes": [], "tasks": []}
            if numbers
            else None
        )
