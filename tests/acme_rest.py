"""The CRM of the examples in the documentation of the rest sink, in memory."""

import base64
import hashlib
import hmac
from urllib.parse import parse_qsl

from mailbridge.testing.emulator import Answer, Call, Emulator

SECRET = "demo-secret"


class AcmeRest(Emulator):
    """People, leads, notes, a web hook; any way to log in.

    Attributes:
        auth: Which log-in is right: "bearer", "basic", "header", "query", "path", "hmac" or "oauth".
        errors_in_200: Failures come with status 200.
        busy: Keys of leads that are refused for now.
        sessions: Tokens of OAuth that are valid.
        rights: Of the user.
    """

    name = "acme"

    def __init__(self, auth="bearer", *, errors_in_200=False, **arguments):
        super().__init__(**arguments)
        self.auth = auth
        self.errors_in_200 = errors_in_200
        self.busy = set()
        self.sessions = set()
        self.rights = ["leads"]
        self.page_size = 0
        self.next_origin = ""
        self.users = ["7"]
        self.reset()

    def reset(self):
        self.rows = {"people": {}, "leads": {}, "notes": {}}
        self.hooked = {}
        self.logins = 0
        self.journal.clear()
        self.faults.clear()

    def writes(self, call):
        return super().writes(call) and not call.path.startswith("/oauth/")

    def handle(self, call: Call) -> Answer:  # noqa: PLR0911 - one return for each address
        if call.path == "/oauth/token":
            return self._log_in(call)
        if not self._knows(call):
            return Answer(401, {"error": {"code": "AUTH", "text": "log in"}})
        path = call.path.removeprefix(f"/{self.token}") if self.auth == "path" else call.path
        match call.method, path.strip("/").split("/"):
            case "GET", ["api", "me"]:
                return Answer(200, {"rights": self.rights})
            case "GET", ["api", kind] if kind in self.rows:
                return Answer(200, self._page(self._found(kind, call), call))
            case "GET", ["api", kind, number] if number.isdigit() and int(number) in self.rows.get(kind, {}):
                return Answer(200, {"lead": self.rows[kind][int(number)]})
            case "POST", ["api", "leads", "batch"]:
                return self._many(call.json()["leads"])
            case "POST", ["api", kind] if kind in self.rows:
                return self._one(kind, call.json())
            case "POST", ["hooks", "leads"]:
                return self._hook(call)
            case "GET", ["hooks", "leads"]:
                return Answer(405, {"error": "post"})
        return Answer(404, {"error": {"code": "PATH", "text": "no such address"}})

    def _knows(self, call):  # noqa: PLR0911 - one return for each log-in
        given = call.headers.get("authorization", "")
        match self.auth:
            case "bearer":
                return given == f"Bearer {self.token}"
            case "basic":
                return given == "Basic " + base64.b64encode(b"mailbridge:" + SECRET.encode()).decode()
            case "header":
                return call.headers.get("x-api-token") == f"Key {self.token}"
            case "query":
                return call.arg("api_token") == self.token
            case "path":
                return call.path.startswith(f"/{self.token}/")
            case "oauth":
                return given.removeprefix("Bearer ") in self.sessions
        moment = call.headers.get("x-timestamp", "")
        signed = hmac.new(SECRET.encode(), f"{moment}.".encode() + call.body, hashlib.sha256).hexdigest()
        return moment.isdigit() and call.headers.get("x-signature") == f"sha256={signed}"

    def _log_in(self, call):
        form = dict(parse_qsl(call.body.decode()))
        pair = base64.b64decode(call.headers.get("authorization", "").removeprefix("Basic ")).decode()
        if form.get("grant_type") != "client_credentials" or pair != f"demo-client:{SECRET}":
            return Answer(401, {"error": "invalid_client"})
        self.logins += 1
        token = f"session-{self.logins}"
        self.sessions.add(token)
        return Answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def _found(self, kind, call):
        wanted = dict(call.query)
        keys = wanted.pop("external_key", "").split(",")
        for name in ("api_token", "after", "of"):
            wanted.pop(name, None)
        return [
            row
            for row in self.rows[kind].values()
            if (keys == [""] or row.get("external_key") in keys)
            and all(str(row.get(name)) == value for name, value in wanted.items())
        ]

    def _page(self, rows, call):
        """Return all rows, or with `page_size` a page that tells where the next one is: a mark and an address."""
        if not self.page_size:
            return {"items": rows}
        start = int(call.arg("after", "0"))
        page = {"items": rows[start : start + self.page_size]}
        if start + self.page_size < len(rows):
            query = "&".join(f"{name}={value}" for name, value in call.query if name != "after")
            mark = str(start + self.page_size)
            page |= {"after": mark, "next": f"{self.next_origin}{call.path}?{query}&after={mark}"}
        return page

    def _problem(self, body):
        if body.get("external_key") in self.busy:
            return "BUSY", "try again"
        if body.get("owner") not in {None, *self.users}:
            return "OWNER", f"there is no user {body['owner']}"
        return None

    def _one(self, kind, body):
        problem = self._problem(body)
        if problem and problem[0] == "BUSY":
            error = {"error": {"code": "LIMIT", "text": problem[1], "retry_in": 17}}
            return Answer(200 if self.errors_in_200 else 429, error)
        if problem:
            return Answer(200 if self.errors_in_200 else 422, {"error": {"code": problem[0], "text": problem[1]}})
        return Answer(201, self._stored(kind, body))

    def _many(self, bodies):
        made, errors = [], []
        for body in bodies:
            problem = self._problem(body)
            if problem is None:
                made.append({"key": body["external_key"], "id": self._stored("leads", body)["id"]})
            else:
                errors.append({"key": body["external_key"], "code": problem[0], "message": problem[1]})
        return Answer(207 if errors else 200, {"results": made[::-1], "errors": errors})

    def _stored(self, kind, body):
        row = {**body, "id": max(self.rows[kind], default=0) + 1, "status": "new"}
        self.rows[kind][row["id"]] = row
        return row

    def _hook(self, call):
        key = call.headers.get("idempotency-key", "")
        if key in self.hooked:
            return Answer(409, {"error": "seen"})
        self.hooked[key] = call.json()
        return Answer(202, {"accepted": True})

    def keys(self):
        found = {key: [key] for key in self.hooked}
        for number, lead in self.rows["leads"].items():
            found.setdefault(lead.get("external_key"), []).append(str(number))
        return found

    def card(self, key):
        if key in self.hooked:
            return {"data": self.hooked[key]["data"], "notes": [], "tasks": []}
        leads = [lead for lead in self.rows["leads"].values() if lead.get("external_key") == key]
        people = [self.rows["people"][lead["person"]] for lead in leads if lead.get("person")]
        ids = {lead["id"] for lead in leads}
        notes = [note["text"] for note in self.rows["notes"].values() if note["lead"] in ids]
        return {"leads": leads, "people": people, "notes": notes, "tasks": []} if leads else None
