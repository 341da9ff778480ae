"""An emulator of BottleCRM's lead webhook, which answers as `make e2e` sees the real one answer (django-crm 1.35)."""

import re
import uuid
from typing import Any, ClassVar

from mailbridge.testing.emulator import Answer, Call, Emulator

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
ENQUIRY_MAX = 10_000
DESCRIPTION_MAX = 20_000
INTAKE = "6f9619ff-8b86-4011-b42d-00c04fc964ff"


class BottlecrmEmulator(Emulator):
    """One webhook: no second lead of an external_id; merges by e-mail and phone.

    Attributes:
        per_minute: Posts with the right key in a minute, None = no limit.
        active: Whether the webhook is switched on.
    """

    name: ClassVar[str] = "bottlecrm"
    read_token: str = "demo-reader"

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.per_minute: int | None = None
        self.active = True
        self.reset()

    def reset(self) -> None:
        """Forget everything but the settings."""
        self.leads: dict[str, dict[str, Any]] = {}
        self.received: dict[str, str] = {}
        self.enquiries: list[tuple[str, str, str]] = []
        self._posts: list[float] = []
        self.journal.clear()
        self.faults.clear()

    def handle(self, call: Call) -> Answer:
        """Answer one request."""
        match call.method, call.path:
            case "GET", path if path.startswith("/api/public/leads/"):
                return Answer(405, {"detail": 'Method "GET" not allowed.'})
            case "GET", path if path == f"/api/leads/intakes/{INTAKE}/":
                if call.headers.get("authorization") != f"Bearer {self.read_token}":
                    return Answer(403, {"detail": "Organization context is required. Please login again."})
                return Answer(200, {"id": INTAKE, "name": "mailbridge", "is_active": self.active})
            case "POST", path if path == f"/api/public/leads/{INTAKE}/" and self.active:
                return self._post(call)
        return Answer(404, {"detail": "Not found."})

    def _post(self, call: Call) -> Answer:
        if call.headers.get("authorization") != f"Bearer {self.token}":
            return Answer(401, {"detail": "Wrong key."})
        now = self.clock()
        self._posts = [at for at in self._posts if at > now - 60]
        if self.per_minute is not None and len(self._posts) >= self.per_minute:
            return Answer(429, {"detail": "Too many posts. Try again later."}, {"Retry-After": "60"})
        self._posts.append(now)
        if len(call.body) > 64 * 1024:
            return Answer(413, {"detail": "The body is larger than 64 KB."})
        return self._received(call.json())

    def _received(self, body: dict[str, Any]) -> Answer:
        email = body.get("email")
        if email and not _EMAIL.fullmatch(email):
            errors = {"email": ["Enter a valid email address."]}
            return Answer(400, {"result": "rejected", "detail": "Some values could not be saved.", "errors": errors})
        external_id = body.get("external_id", "")
        if external_id in self.received:
            return Answer(200, {"result": "duplicate", "lead": self.received[external_id]})
        known = self._known(body)
        number = known or str(uuid.UUID(int=len(self.leads) + 1))
        text = body.get("description", "")
        if known is None:
            self.leads[number] = {**body, "description": text[:DESCRIPTION_MAX]}
        self.received[external_id] = number
        self.enquiries.append((number, external_id, text[:ENQUIRY_MAX]))
        return Answer(200 if known else 201, {"result": "merged" if known else "created", "lead": number})

    def _known(self, body: dict[str, Any]) -> str | None:
        for number, lead in self.leads.items():
            if any(body.get(name) and lead.get(name) == body[name] for name in ("email", "phone")):
                return number
        return None

    def keys(self) -> dict[str, list[str]]:
        """Return external id → the lead it reached."""
        return {external_id: [number] for external_id, number in self.received.items()}

    def card(self, key: str) -> dict[str, Any] | None:
        """Return the lead of a key; its enquiries stand as notes."""
        number = self.received.get(key)
        if number is None:
            return None
        notes = [text for lead, external_id, text in self.enquiries if lead == number and external_id == key]
        return {"lead": self.leads[number], "notes": notes, "tasks": []}
