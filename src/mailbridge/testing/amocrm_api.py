"""The addresses of an emulated amoCRM account, API v4."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from mailbridge.testing.amocrm_account import ACCOUNT_ID, Account, Row
from mailbridge.testing.amocrm_drive import DRIVE_PATH, Drive, address_of
from mailbridge.testing.amocrm_lists import HAL, filtered, page, search, shown_contact, shown_lead
from mailbridge.testing.amocrm_oauth import TokenDesk
from mailbridge.testing.amocrm_records import Records
from mailbridge.testing.amocrm_rules import (
    MOST_COMPLEX,
    Rule,
    bad_company,
    bad_complex,
    bad_contact,
    bad_lead,
    bad_link,
    bad_note,
    bad_task,
    bad_unsorted,
    problem,
    refuse,
)
from mailbridge.testing.emulator import Answer, Call

MOST_IDS_OF_EVENTS = 10
WHERE_PATH = "/oauth2/account/current/subdomain"
TOKEN_PATH = "/oauth2/access_token"

Handler = Callable[..., Answer]
"""(api, call, groups of the path…) → answer."""


@dataclass(slots=True)
class Settings:
    """Switches of an account; see `AmocrmEmulator`."""

    filters: bool = False
    search_lag_s: float = 0.0
    admin: bool = True
    paid: bool = True


@dataclass(slots=True)
class Api:
    """One method per address; the token was checked before."""

    account: Account
    records: Records
    desk: TokenDesk
    settings: Settings
    drive: Drive

    def answer(self, call: Call) -> Answer:
        """Answer a request whose token is good."""
        if call.path.startswith(DRIVE_PATH):
            return self.drive.answer(call)
        for method, pattern, handler in ROUTES:
            if method == call.method and (found := pattern.fullmatch(call.path)):
                try:
                    return handler(self, call, *found.groups(default=""))
                except ValueError:
                    return problem(400, "Bad Request", "Request validation failed")
        if any(pattern.fullmatch(call.path) for _, pattern, _ in ROUTES):
            return problem(405, "Method Not Allowed", f"Cannot {call.method} {call.path}")
        return problem(404, "Not Found", f"Cannot {call.method} {call.path}")

    def show_account(self, call: Call) -> Answer:
        body = {"id": ACCOUNT_ID, "name": "Пекарня «Корж»", "subdomain": "korzh", "currency": "RUB", "country": "RU"}
        if "is_api_filter_enabled" in call.arg("with"):
            body["is_api_filter_enabled"] = self.settings.filters
        if "drive_url" in call.arg("with"):
            body["drive_url"] = address_of(call)
        if "datetime_settings" in call.arg("with"):
            body["_embedded"] = {"datetime_settings": {"timezone": "Europe/Moscow"}}
        return Answer(200, body, content_type=HAL)

    def give_tokens(self, call: Call) -> Answer:
        return self.desk.answer(call.json())

    def list_users(self, call: Call) -> Answer:
        if not self.settings.admin:
            return problem(403, "Forbidden", "Access denied")
        return page(call, self.account.users, "users")

    def list_pipelines(self, _call: Call) -> Answer:
        body = {"_total_items": len(self.account.pipelines), "_embedded": {"pipelines": self.account.pipelines}}
        return Answer(200, body, content_type=HAL)

    def list_fields(self, call: Call, entity: str) -> Answer:
        return page(call, self.account.fields[entity], "custom_fields")

    def list_tags(self, call: Call, entity: str) -> Answer:
        rows = [{"id": tag_id, "name": name, "color": None} for name, tag_id in self.account.tags[entity].items()]
        return page(call, rows, "tags")

    def list_rows(self, call: Call, entity: str) -> Answer:
        rows = search(self.account, entity, call, lag_s=self.settings.search_lag_s)
        if self.settings.filters:
            rows = filtered(rows, call)
        return page(call, [self._shown(entity, row, call) for row in rows], entity)

    def show_row(self, call: Call, entity: str, row_id: str) -> Answer:
        row = self.account.table(entity).get(int(row_id))
        return Answer(200, self._shown(entity, row, call), content_type=HAL) if row else Answer(204)

    def _shown(self, entity: str, row: Row, call: Call) -> Row:
        if entity == "tasks":
            return row
        if entity == "companies":
            return row
        shown = shown_lead if entity == "leads" else shown_contact
        return shown(self.account, row, call.arg("with"))

    def add_rows(self, call: Call, entity: str) -> Answer:
        elements = call.json()
        rules: dict[str, Rule] = {
            "leads": bad_lead, "contacts": bad_contact, "companies": bad_company, "tasks": bad_task,
        }  # fmt: skip
        if refusal := refuse(self.account, elements, rules[entity]):
            return refusal
        makers = {
            "leads": self.records.add_lead, "contacts": self.records.add_contact,
            "companies": self.records.add_company, "tasks": self.records.add_task,
        }  # fmt: skip
        return _added(call, entity, elements, [makers[entity](element) for element in elements])

    def change_rows(self, call: Call, entity: str, row_id: str) -> Answer:
        body = call.json()
        elements = [{**body, "id": int(row_id)}] if row_id else body
        rules: dict[str, Rule] = {
            "leads": bad_lead, "contacts": bad_contact, "companies": bad_company,
            "tasks": lambda _account, _row: iter(()),
        }  # fmt: skip
        if refusal := refuse(self.account, elements, rules[entity]):
            return refusal
        table = self.account.table(entity)
        rows = [self.records.change(entity, table[element["id"]], element) for element in elements]
        items = [{"id": row["id"], "updated_at": row["updated_at"]} for row in rows]
        return Answer(200, items[0] if row_id else {"_embedded": {entity: items}}, content_type=HAL)

    def add_complex(self, call: Call) -> Answer:
        elements = call.json()
        if refusal := refuse(self.account, elements, bad_complex, MOST_COMPLEX):
            return refusal
        known = set(self.account.leads)
        return Answer(200, [self.records.add_complex(element, known) for element in elements], content_type=HAL)

    def list_unsorted(self, call: Call) -> Answer:
        free = Call(call.method, call.path, tuple(p for p in call.query if "source_uid" not in p[0]), {}, b"")
        return page(call, filtered(self.account.unsorted.values(), free), "unsorted")

    def add_unsorted(self, call: Call) -> Answer:
        elements = call.json()
        if refusal := refuse(self.account, elements, bad_unsorted):
            return refusal
        rows = [self.records.add_unsorted(element) for element in elements]
        items = [
            {
                "request_id": str(element.get("request_id", place)),
                **{n: row[n] for n in ("uid", "account_id", "_embedded")},
            }
            for place, (element, row) in enumerate(zip(elements, rows, strict=True))
        ]
        return Answer(200, {"_total_items": len(items), "_embedded": {"unsorted": items}}, content_type=HAL)

    def show_unsorted(self, _call: Call, uid: str) -> Answer:
        row = self.account.unsorted.get(uid)
        return Answer(200, row, content_type=HAL) if row else Answer(204)

    def leave_unsorted(self, call: Call, uid: str, verb: str) -> Answer:
        if uid not in self.account.unsorted:
            return problem(404, "Not Found", f"Cannot {call.method} {call.path}")
        return Answer(200, self.records.leave_unsorted(uid, accept=verb == "accept", body=call.json() or {}))

    def list_notes(self, call: Call, entity: str, owner: str) -> Answer:
        own = {number for kind, number in self.account.made_at if kind == f"notes of {entity}"}
        rows = filtered((row for row in self.account.notes.values() if row["id"] in own), call)
        return page(call, [row for row in rows if not owner or row["entity_id"] == int(owner)], "notes")

    def add_notes(self, call: Call, entity: str, owner: str) -> Answer:
        elements = call.json()
        if owner:
            elements = [{**element, "entity_id": int(owner)} for element in elements]
        if refusal := refuse(self.account, elements, lambda account, note: bad_note(account, note, entity)):
            return refusal
        return _added(call, "notes", elements, [self.records.add_note(element, entity) for element in elements])

    def add_links(self, call: Call, lead_id: str) -> Answer:
        if int(lead_id) not in self.account.leads:
            return problem(404, "Not Found", f"Cannot {call.method} {call.path}")
        if refusal := refuse(self.account, call.json(), bad_link):
            return refusal
        links = [self.records.link(int(lead_id), element) for element in call.json()]
        return Answer(200, {"_total_items": len(links), "_embedded": {"links": links}}, content_type=HAL)

    def attach_files(self, call: Call, entity: str, row_id: str) -> Answer:
        uuids = [str(one.get("file_uuid")) for one in call.json()]
        if int(row_id) not in self.account.table(entity):
            return problem(404, "Not Found", f"Cannot {call.method} {call.path}")
        if not all(uuid in self.drive.files for uuid in uuids):
            return problem(400, "Bad Request", "Request validation failed")
        self.account.files.setdefault(int(row_id), []).extend(uuids)
        return Answer(202)  # nothing in it, and done later (files-api page)

    def list_events(self, call: Call) -> Answer:
        if len(call.args("filter[entity_id][]")) > MOST_IDS_OF_EVENTS:
            return problem(400, "Bad Request", "Request validation failed")
        return page(call, filtered(reversed(self.account.events), call), "events")

    def list_tasks(self, call: Call) -> Answer:
        return page(call, filtered(self.account.tasks.values(), call), "tasks")


def _added(call: Call, plural: str, elements: list[Row], rows: list[Row]) -> Answer:
    items = []
    for place, (element, row) in enumerate(zip(elements, rows, strict=True)):
        item = {"id": row["id"], "request_id": str(element.get("request_id", place))}
        if "entity_id" in row:
            item["entity_id"] = row["entity_id"]
        items.append(item)
    links = {"self": {"href": f"https://{call.headers.get('host', '')}{call.path}"}}
    return Answer(200, {"_links": links, "_embedded": {plural: items}}, content_type=HAL)


def _route(method: str, path: str, handler: Handler) -> tuple[str, re.Pattern[str], Handler]:
    return method, re.compile(path), handler


_ENTITY = "(leads|contacts|companies)"

ROUTES: tuple[tuple[str, re.Pattern[str], Handler], ...] = (
    _route("POST", TOKEN_PATH, Api.give_tokens),
    _route("GET", "/api/v4/account", Api.show_account),
    _route("GET", "/api/v4/users", Api.list_users),
    _route("GET", "/api/v4/leads/pipelines", Api.list_pipelines),
    _route("GET", f"/api/v4/{_ENTITY}/custom_fields", Api.list_fields),
    _route("GET", f"/api/v4/{_ENTITY}/tags", Api.list_tags),
    _route("POST", "/api/v4/leads/complex", Api.add_complex),
    _route("GET", "/api/v4/leads/unsorted", Api.list_unsorted),
    _route("POST", "/api/v4/leads/unsorted/forms", Api.add_unsorted),
    _route("GET", "/api/v4/leads/unsorted/([0-9a-f]+)", Api.show_unsorted),
    _route("POST", "/api/v4/leads/unsorted/([0-9a-f]+)/(accept)", Api.leave_unsorted),
    _route("DELETE", "/api/v4/leads/unsorted/([0-9a-f]+)/(decline)", Api.leave_unsorted),
    _route("GET", f"/api/v4/{_ENTITY}/(?:([0-9]+)/)?notes", Api.list_notes),
    _route("POST", f"/api/v4/{_ENTITY}/(?:([0-9]+)/)?notes", Api.add_notes),
    _route("POST", "/api/v4/leads/([0-9]+)/link", Api.add_links),
    _route("PUT", f"/api/v4/{_ENTITY}/([0-9]+)/files", Api.attach_files),
    _route("GET", "/api/v4/tasks", Api.list_tasks),
    _route("GET", "/api/v4/events", Api.list_events),
    _route("GET", f"/api/v4/{_ENTITY}", Api.list_rows),
    _route("GET", "/api/v4/(leads|contacts|companies|tasks)/([0-9]+)", Api.show_row),
    _route("POST", "/api/v4/(leads|contacts|companies|tasks)", Api.add_rows),
    _route("PATCH", "/api/v4/(leads|contacts|companies|tasks)(?:/([0-9]+))?", Api.change_rows),
)
